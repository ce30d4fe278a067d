import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { errorMessage, UserError } from "../../../../../tiles/errors.js";
import { readJsonFile } from "./json-file.js";

const anything = z.record(z.string(), z.unknown());

/** Text to token ids as tokenizer.json says; special tokens in the text become theirs. */
export class TextTokenizer {
  private constructor(
    private readonly tokenizer: Tokenizer,
    private readonly path: string,
  ) {}

  /** @throws UserError when tokenizer.json or tokenizer_config.json are missing or cannot be used */
  static load(dir: string): TextTokenizer {
    const path = join(dir, "tokenizer.json");
    const json = readJsonFile(path, anything);
    const config = readJsonFile(join(dir, "tokenizer_config.json"), anything);
    try {
      return new TextTokenizer(new Tokenizer(json, config), path);
    } catch (thrown) {
      throw new UserError(`${path}: cannot be used: ${errorMessage(thrown)}`);
    }
  }

  /** Token ids; nothing is put before or after them, since the chat template has written all that belongs there. */
  encode(text: string): number[] {
    return this.tokenizer.encode(text, { add_special_tokens: false }).ids;
  }

  /** @throws UserError when the vocabulary has no such token */
  idOf(token: string): number {
    const id = this.tokenizer.token_to_id(token);
    if (id === undefined) throw new UserError(`${this.path}: has no token ${token}, which this family needs`);
    return id;
  }

  /** @throws UserError when the vocabulary has no such id */
  tokenOf(id: number): string {
    const token = this.tokenizer.id_to_token(id);
    if (token === undefined) throw new UserError(`${this.path}: has no token ${id}, which config.json names`);
    return token;
  }

  /**
   * Ids of those spellings of a word that are a single token.
   *
   * @throws UserError when none of them is
   */
  singleTokens(spellings: readonly string[]): number[] {
    const ids = spellings
      .map((spelling) => this.encode(spelling))
      .flatMap((found) => (found.length === 1 ? found : []));
    if (ids.length === 0) {
      const tried = spellings.map((spelling) => JSON.stringify(spelling)).join(", ");
      throw new UserError(`${this.path}: none of ${tried} is a single token; give others in "answers" of model.json`);
    }
    return [...new Set(ids)];
  }
}
