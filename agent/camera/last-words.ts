const MAX_LINE = 300;

/**
 * Keeps the line of a program's error output that best says why it ended: the first that begins with ERROR (those behind
 * it are its consequences), else the last.
 */
export class LastWords {
  #rest = "";
  #last = "";
  #error = "";

  push(bytes: Buffer): void {
    const lines = (this.#rest + bytes.toString("utf8")).split(/[\r\n]+/);
    // A program that never ends its line must not fill the memory.
    this.#rest = (lines.pop() ?? "").slice(-4 * MAX_LINE);
    for (const line of lines) this.#take(line);
  }

  clear(): void {
    this.#rest = "";
    this.#last = "";
    this.#error = "";
  }

  /** One line, cut to a sensible length, without what could be a password in an address. */
  get line(): string {
    this.#take(this.#rest);
    const line = this.#error === "" ? this.#last : this.#error;
    return line.replace(/:\/\/[^/\s@]+@/g, "://***@").slice(0, MAX_LINE);
  }

  #take(line: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours and bells are what is removed
    const text = line.replace(/\u001b\[[0-9;]*[A-Za-z]|[\u0000-\u001f\u007f]/g, "").trim();
    if (text === "") return;
    this.#last = text;
    if (this.#error === "" && /^ERROR\b/i.test(text)) this.#error = text;
  }
}
