import type { OutputStream } from '../line-splitter.ts';

export interface Piece {
  readonly stream: OutputStream;
  readonly bytes: Buffer;
  /** The frame ends with this piece. */
  readonly isLast: boolean;
}

const headerBytes = 8;
const stderrStream = 2;

/**
 * Takes multiplexed output apart: frames of an 8-byte header (stream, three zeros, length big-endian) and a payload.
 * A terminal's output has no frames and is all stdout.
 */
export class Demultiplexer {
  readonly #isTerminal: boolean;
  #header = Buffer.alloc(0);
  #stream: OutputStream = 'stdout';
  #left = 0;

  constructor(isTerminal: boolean) {
    this.#isTerminal = isTerminal;
  }

  push(chunk: Buffer): Piece[] {
    if (this.#isTerminal) return [{ stream: 'stdout', bytes: chunk, isLast: true }];
    const pieces: Piece[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        const missing = headerBytes - this.#header.length;
        this.#header = Buffer.concat([this.#header, chunk.subarray(at, at + missing)]);
        at += missing;
        if (this.#header.length < headerBytes) break;
        this.#stream = this.#header[0] === stderrStream ? 'stderr' : 'stdout';
        this.#left = this.#header.readUInt32BE(4);
        this.#header = Buffer.alloc(0);
        continue;
      }
      const bytes = chunk.subarray(at, at + this.#left);
      at += bytes.length;
      this.#left -= bytes.length;
      pieces.push({ stream: this.#stream, bytes, isLast: this.#left === 0 });
    }
    return pieces;
  }
}
