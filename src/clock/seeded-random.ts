import type { Random } from './random.ts';

/**
 * Chance that repeats itself: Chris Doty-Humphrey's sfc32, as published with PractRand. For simulations and
 * tests only, as whoever sees some of its output can tell the rest.
 */
export function seededRandom(seed: number | string): Random {
  let [a, b, c] = spread(String(seed));
  let counter = 1;

  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let warmUp = 0; warmUp < 15; warmUp++) next();

  const float = (): number => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
  return {
    float,
    integer: (exclusiveMax) => {
      if (!Number.isSafeInteger(exclusiveMax) || exclusiveMax <= 0)
        throw new RangeError(`Cannot choose an integer in [0, ${exclusiveMax})`);
      return Math.floor(float() * exclusiveMax);
    },
    bytes: (count) => Uint8Array.from({ length: count }, () => next() >>> 24),
  };
}

/** Three well-mixed words from any text (FNV-1a with three offsets, murmur3's finaliser). */
function spread(text: string): [number, number, number] {
  const word = (offset: number): number => {
    let hash = offset;
    for (let place = 0; place < text.length; place++)
      hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) | 0;
  };
  return [word(0x811c9dc5), word(0x9e3779b9), word(0x3c6ef372)];
}
