const mostLines = 1_000;
const mostBytes = 1_048_576;

export interface RecentLine {
  /** From 1, without gaps; of this process. */
  readonly sequence: number;
  readonly line: string;
}

/** The last lines of a load balancer, for whoever watches. */
export class RecentLines {
  #lines: RecentLine[] = [];
  #bytes = 0;
  #last = 0;

  get last(): number {
    return this.#last;
  }

  add(lines: readonly string[]): void {
    for (const line of lines) {
      this.#last += 1;
      this.#lines.push({ sequence: this.#last, line });
      this.#bytes += line.length;
    }
    let gone = 0;
    while (this.#lines.length - gone > mostLines || this.#bytes > mostBytes) {
      this.#bytes -= this.#lines[gone]?.line.length ?? 0;
      gone += 1;
    }
    if (gone > 0) this.#lines = this.#lines.slice(gone);
  }

  after(sequence: number, limit: number): readonly RecentLine[] {
    return this.#lines.filter((line) => line.sequence > sequence).slice(0, limit);
  }
}
