/** A pattern that can't be understood; the message says why and where. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/** Reads a pattern from left to right. */
export class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** The text that is left. */
  get rest(): string {
    return this.#text.slice(this.#at);
  }

  skipSpaces(): void {
    this.take(/\s*/y);
  }

  /** Passes `token` if it comes next. */
  accept(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  expect(token: string): void {
    if (!this.accept(token)) throw this.error(`expected ${token}`);
  }

  /** Takes what `expression` (sticky) matches here; undefined when it does not. */
  take(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at;
    const taken = expression.exec(this.#text)?.[0];
    this.#at += taken?.length ?? 0;
    return taken;
  }

  /** A text in double quotes, where `\"` and `\\` stand for themselves; undefined when none begins here. */
  quoted(): string | undefined {
    if (!this.#text.startsWith('"', this.#at)) return undefined;
    const taken = this.take(/"(?:[^"\\]|\\.)*"/sy);
    if (taken === undefined) throw this.error('the quotation mark is never closed');
    return taken.slice(1, -1).replace(/\\(["\\])/g, '$1');
  }

  /** A regular expression between percent signs; undefined when none begins here. */
  regex(): string | undefined {
    if (!this.#text.startsWith('%', this.#at)) return undefined;
    const taken = this.take(/%(?:[^%\\]|\\.)+%/sy);
    if (taken === undefined) throw this.error('the percent sign is never closed');
    return taken.slice(1, -1);
  }

  error(message: string): PatternError {
    return new PatternError(`${message} at character ${this.#at + 1} of ${this.#text}`);
  }
}
