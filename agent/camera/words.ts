import { UserError } from "../../tiles/errors.js";

/**
 * Splits a command line at its spaces as a shell does: quotes hold words together, a backslash takes the next character
 * as it is. Nothing else of a shell: no variables, no patterns.
 *
 * @param what names the text for the error
 * @throws UserError for a quote that is not closed
 */
export function splitWords(text: string, what: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i] ?? "";
    if (quote !== "") {
      if (c === quote) quote = "";
      else if (c === "\\" && quote === '"') word = (word ?? "") + (text[++i] ?? "");
      else word = (word ?? "") + c;
    } else if (c === '"' || c === "'") {
      quote = c;
      word ??= "";
    } else if (c === "\\") {
      word = (word ?? "") + (text[++i] ?? "");
    } else if (/\s/.test(c)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? "") + c;
    }
  }
  if (quote !== "") throw new UserError(`${what}: a ${quote} is not closed in: ${text}`);
  if (word !== null) words.push(word);
  return words;
}
