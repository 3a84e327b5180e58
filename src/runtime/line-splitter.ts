export type OutputStream = 'stdout' | 'stderr';

/** Longer lines are split, so that a program that never ends its line can't fill the memory. */
export const longestLineBytes = 256 * 1024;
const newline = 10;

/** Collects bytes into lines, without their newline. A terminal ends its lines with CR LF. */
export class LineSplitter {
  readonly #isTerminal: boolean;
  #open: Buffer[] = [];
  #openBytes = 0;

  constructor(isTerminal: boolean) {
    this.#isTerminal = isTerminal;
  }

  /** There is a line begun and not ended. */
  get isOpen(): boolean {
    return this.#openBytes > 0;
  }

  push(bytes: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
      this.#add(bytes.subarray(start, end), lines);
      lines.push(this.#close());
      start = end + 1;
    }
    if (start < bytes.length) this.#add(bytes.subarray(start), lines);
    return lines;
  }

  /** What was begun and will not be ended any more. */
  finish(): string[] {
    return this.isOpen ? [this.#close()] : [];
  }

  #add(bytes: Buffer, lines: string[]): void {
    let rest = bytes;
    while (this.#openBytes + rest.length > longestLineBytes) {
      const cut = characterStart(rest, longestLineBytes - this.#openBytes);
      this.#hold(rest.subarray(0, cut));
      lines.push(this.#close());
      rest = rest.subarray(cut);
    }
    this.#hold(rest);
  }

  #hold(bytes: Buffer): void {
    if (bytes.length === 0) return;
    // A copy, lest a short rest keep a whole chunk in memory.
    this.#open.push(Buffer.from(bytes));
    this.#openBytes += bytes.length;
  }

  #close(): string {
    const only = this.#open[0];
    const text = (this.#open.length === 1 && only ? only : Buffer.concat(this.#open)).toString();
    this.#open = [];
    this.#openBytes = 0;
    return this.#isTerminal && text.endsWith('\r') ? text.slice(0, -1) : text;
  }
}

/** The last place up to `at` at which a UTF-8 character begins. */
function characterStart(bytes: Buffer, at: number): number {
  for (let place = at; place > Math.max(0, at - 4); place -= 1) {
    if (((bytes[place] ?? 0) & 0xc0) !== 0x80) return place;
  }
  return at;
}
