/** Of SPDY/3.1: a control frame's type, or the stream that data is of. */
export type Frame =
  | { readonly type: 'control'; readonly kind: number; readonly flags: number; readonly payload: Buffer }
  | { readonly type: 'data'; readonly streamId: number; readonly flags: number; readonly payload: Buffer };

export const kinds = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

/** The flag of a stream's last frame. */
export const fin = 1;
const version = 3;
const headBytes = 8;
/** As much as clients of Kubernetes ever send in one, and some more. */
const mostFrameBytes = 1024 * 1024;

/** Takes bytes as they come apart into frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** @throws {Error} it is not SPDY/3, or a frame is too large. */
  push(chunk: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    while (this.#rest.length >= headBytes) {
      const [first, second] = [this.#rest.readUInt32BE(0), this.#rest.readUInt32BE(4)];
      const [flags, length] = [second >>> 24, second & 0xff_ffff];
      if (length > mostFrameBytes) throw new Error(`A frame of ${length} bytes is too large`);
      if (this.#rest.length < headBytes + length) break;
      const payload = this.#rest.subarray(headBytes, headBytes + length);
      this.#rest = this.#rest.subarray(headBytes + length);
      if (first < 0x8000_0000) frames.push({ type: 'data', streamId: first, flags, payload });
      else {
        if (((first >>> 16) & 0x7fff) !== version) throw new Error('The client does not speak SPDY/3');
        frames.push({ type: 'control', kind: first & 0xffff, flags, payload });
      }
    }
    return frames;
  }
}

export function controlFrame(kind: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(0x8000_0000 + version * 0x1_0000 + kind, 0);
  head.writeUInt32BE(flags * 0x100_0000 + payload.length, 4);
  return Buffer.concat([head, payload]);
}

export function dataFrame(streamId: number, flags: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(streamId, 0);
  head.writeUInt32BE(flags * 0x100_0000 + payload.length, 4);
  return Buffer.concat([head, payload]);
}
