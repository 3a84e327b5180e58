import { randomFillSync, randomInt } from 'node:crypto';
import type { Random } from './random.ts';

/** Asking the operating system costs the same for few bytes as for these, so they are drawn ahead. */
const drawnAhead = 4096;

/** The operating system's CSPRNG. */
export function systemRandom(): Random {
  const drawn = Buffer.alloc(drawnAhead);
  let used = drawnAhead;
  /** Each byte is handed out once, and gone from here then. */
  const take = (count: number): Uint8Array => {
    const bytes = new Uint8Array(count);
    if (count > drawnAhead) return randomFillSync(bytes);
    if (used + count > drawnAhead) {
      randomFillSync(drawn);
      used = 0;
    }
    for (let place = 0; place < count; place++) {
      bytes[place] = drawn[used] ?? 0;
      drawn[used++] = 0;
    }
    return bytes;
  };
  return {
    float: () => {
      const bytes = Buffer.from(take(7));
      return Number(bytes.readUIntBE(0, 6) * 32 + (bytes.readUInt8(6) & 31)) / 2 ** 53;
    },
    integer: (exclusiveMax) => randomInt(exclusiveMax),
    bytes: take,
  };
}
