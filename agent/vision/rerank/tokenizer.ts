import { readFileSync } from "node:fs";
import { z } from "zod";
import { errorMessage, UserError } from "../../../tiles/errors.js";
import { unknownWord } from "../../text/nearest.js";

/** tokenizer.json of a compact re-ranker: the vocabulary in the order of its ids. */
const TokenizerJson = z.strictObject({
  format: z.literal(1),
  words: z.array(z.string().min(1)).min(1),
});

/** Fills prompts up to their fixed length. */
const PAD = "<pad>";

/** A closed vocabulary of words and digits: text is split at white space, and every digit is a token of its own. */
export class WordTokenizer {
  private constructor(
    private readonly ids: ReadonlyMap<string, number>,
    private readonly path: string,
  ) {}

  /** @throws UserError when the file is missing or is not such a vocabulary */
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
      throw new UserError(`${path}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "is not a word tokenizer"}`);
    }
    return new WordTokenizer(new Map(parsed.data.words.map((word, id) => [word, id])), path);
  }

  /**
   * Token ids of a text.
   * @throws UserError for a word outside of the vocabulary: the model was not trained on it
   */
  encode(text: string): number[] {
    const words = text.match(/\d|[^\s\d]+/g) ?? [];
    return words.map((word) => {
      const id = this.ids.get(word);
      if (id === undefined) throw new UserError(`${this.path}: ${unknownWord("word", word, [...this.ids.keys()])}`);
      return id;
    });
  }

  /**
   * Token ids of a text, padded at the end to a length.
   * @throws UserError when the text has more tokens, or fewer and the vocabulary has no <pad>
   */
  encodePadded(text: string, length: number): number[] {
    const ids = this.encode(text);
    const missing = length - ids.length;
    const pad = this.ids.get(PAD);
    if (missing < 0 || (missing > 0 && pad === undefined)) {
      throw new UserError(`${this.path}: the prompt "${text}" has ${ids.length} tokens, the model takes ${length}`);
    }
    return [...ids, ...new Array<number>(missing).fill(pad ?? 0)];
  }
}
