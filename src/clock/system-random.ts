import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from './random.ts';

/** The operating system's CSPRNG. */
export function systemRandom(): Random {
  return {
    float: () => {
      const bytes = randomBytes(7);
      return Number(bytes.readUIntBE(0, 6) * 32 + (bytes.readUInt8(6) & 31)) / 2 ** 53;
    },
    integer: (exclusiveMax) => randomInt(exclusiveMax),
    bytes: (count) => new Uint8Array(randomBytes(count)),
  };
}
