import { type Random, uuid } from '../clock/index.ts';

const idBytes = 16;
const idsPerDraw = 256;

/**
 * Makes the ids of requests. Chance is drawn for many at once: asking the operating system for each would cost
 * as much as checking a signature.
 */
export function requestIds(random: Random): () => string {
  let drawn: Uint8Array = new Uint8Array(0);
  let used = 0;
  const fromDrawn: Random = {
    ...random,
    bytes(count) {
      if (used + count > drawn.length) {
        drawn = random.bytes(idBytes * idsPerDraw);
        used = 0;
      }
      used += count;
      return drawn.subarray(used - count, used);
    },
  };
  return () => uuid(fromDrawn);
}
