/** Bytes from whoever pushes to the one who reads, with a say about when there are too many. */
export class ByteQueue {
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #isOver = false;
  #came = Promise.withResolvers<void>();
  readonly #onTaken: () => void;

  /** @param onTaken Told when all that was waiting has been taken. */
  constructor(onTaken: () => void) {
    this.#onTaken = onTaken;
  }

  /** How many are waiting. */
  get size(): number {
    return this.#bytes;
  }

  push(bytes: Uint8Array): void {
    if (this.#isOver || bytes.length === 0) return;
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    this.#came.resolve();
  }

  /** What is waiting is still read. */
  end(): void {
    this.#isOver = true;
    this.#came.resolve();
  }

  async *read(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const taken = this.#waiting;
      this.#waiting = [];
      this.#bytes = 0;
      this.#onTaken();
      yield* taken;
      if (this.#waiting.length > 0) continue;
      if (this.#isOver) return;
      await this.#came.promise;
      this.#came = Promise.withResolvers();
    }
  }
}
