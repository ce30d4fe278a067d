import { readFileSync } from "node:fs";
import { z } from "zod";
import { errorMessage, UserError } from "../../../tiles/errors.js";

const TokenizerJson = z.looseObject({
  model: z.looseObject({
    type: z.literal("WordLevel"),
    vocab: z.record(z.string(), z.int().nonnegative()),
    unk_token: z.string(),
  }),
});

/** Fills prompts up to their fixed length. */
const PAD_TOKEN = "[PAD]";

/**
 * A word-level tokenizer in the tokenizer.json format of the Hugging Face tokenizers library: text is lower-cased and
 * split at white space, and every digit is a token of its own.
 */
export class WordTokenizer {
  private constructor(
    private readonly vocab: ReadonlyMap<string, number>,
    private readonly unknown: number,
    private readonly pad: number,
    private readonly path: string,
  ) {}

  /** @throws UserError when the file is missing or is not a word-level tokenizer */
  static load(path: string): WordTokenizer {
    let raw: unknown;
    try {
      raw = JSON.parse(readFileSync(path, "utf8"));
    } catch (thrown) {
      throw new UserError(`${path}: cannot be read as JSON: ${errorMessage(thrown)}`);
    }
    const parsed = TokenizerJson.safeParse(raw);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new UserError(
        `${path}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "is not a WordLevel tokenizer"}`,
      );
    }
    const vocab = new Map(Object.entries(parsed.data.model.vocab));
    const unknown = vocab.get(parsed.data.model.unk_token);
    if (unknown === undefined) throw new UserError(`${path}: the unk_token is not in the vocabulary`);
    return new WordTokenizer(vocab, unknown, vocab.get(PAD_TOKEN) ?? unknown, path);
  }

  /** Token ids of a text. */
  encode(text: string): number[] {
    const words = text.toLowerCase().match(/\d|[^\s\d]+/g) ?? [];
    return words.map((word) => this.vocab.get(word) ?? this.unknown);
  }

  /**
   * Token ids of a text, padded at the end to a length.
   * @throws UserError when the text has more tokens
   */
  encodePadded(text: string, length: number): number[] {
    const ids = this.encode(text);
    if (ids.length > length) {
      throw new UserError(`${this.path}: the prompt "${text}" has ${ids.length} tokens, the model takes ${length}`);
    }
    return [...ids, ...new Array<number>(length - ids.length).fill(this.pad)];
  }
}
