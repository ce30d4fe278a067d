import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Template } from "@huggingface/jinja";
import { z } from "zod";
import { errorMessage, UserError } from "../../../../../tiles/errors.js";
import type { MessagePart } from "../prompt-parts.js";
import { readJsonFileIfAny } from "./json-file.js";

const templates = z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))]);
const token = z.union([z.string(), z.object({ content: z.string() })]).nullish();
const holder = z.object({ chat_template: templates.nullish() });
const tokenizerConfig = holder.extend({
  bos_token: token,
  eos_token: token,
  pad_token: token,
  unk_token: token,
});

/** A message of a conversation. */
export interface Message {
  readonly role: "system" | "user";
  readonly content: readonly MessagePart[];
}

/** The model's own way of writing a conversation as one text. */
export class ChatTemplate {
  private constructor(
    private readonly template: Template,
    private readonly tokens: Readonly<Record<string, string>>,
    private readonly path: string,
  ) {}

  /**
   * Reads the template from chat_template.jinja, chat_template.json, processor_config.json or tokenizer_config.json,
   * whichever is there first.
   *
   * @throws UserError when none of them has one, or it is no Jinja template
   */
  static load(dir: string): ChatTemplate {
    const { source, path } = findTemplate(dir);
    const config = readJsonFileIfAny(join(dir, "tokenizer_config.json"), tokenizerConfig);
    const { chat_template: _template, ...named } = config ?? {};
    const tokens = Object.entries(named).flatMap(([name, value]) =>
      value === null || value === undefined ? [] : [[name, typeof value === "string" ? value : value.content] as const],
    );
    try {
      return new ChatTemplate(new Template(source), Object.fromEntries(tokens), path);
    } catch (thrown) {
      throw new UserError(`${path}: the chat template cannot be read: ${errorMessage(thrown)}`);
    }
  }

  /**
   * The conversation, and the start of the model's answer.
   *
   * @throws UserError when the template does not take such messages
   */
  render(messages: readonly Message[]): string {
    try {
      return this.template.render({ messages, add_generation_prompt: true, ...this.tokens });
    } catch (thrown) {
      throw new UserError(`${this.path}: the chat template refuses the prompt: ${errorMessage(thrown)}`);
    }
  }
}

function findTemplate(dir: string): { source: string; path: string } {
  const plain = join(dir, "chat_template.jinja");
  if (existsSync(plain)) return { source: readFileSync(plain, "utf8"), path: plain };
  for (const name of ["chat_template.json", "processor_config.json", "tokenizer_config.json"]) {
    const path = join(dir, name);
    const found = readJsonFileIfAny(path, holder)?.chat_template;
    const source = typeof found === "string" ? found : found?.find((one) => one.name === "default")?.template;
    if (source !== undefined) return { source, path };
  }
  throw new UserError(
    `${plain}: missing, and no "chat_template" in the other files; copy the whole model folder again`,
  );
}
