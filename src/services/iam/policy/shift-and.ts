/** Finds the first place at or after `from`, or -1. */
export type Find = (text: string, from: number) => number;

const bitsPerWord = 32;

/**
 * A search for text in which some places may be any character: Shift-And (R. Baeza-Yates and G. Gonnet, "A new approach
 * to text searching"). A bit for each place of the pattern says that the text just read ends in the pattern up to there;
 * a character of the text costs a word of bits at a time, so that no pattern, however it is made, costs its length for
 * each place of the text.
 *
 * @param pattern One character each; undefined: any.
 */
export function compileShiftAnd(pattern: readonly (string | undefined)[]): Find {
  const words = Math.ceil(pattern.length / bitsPerWord);
  const anywhere = new Uint32Array(words);
  const masks = new Map<string, Uint32Array>();
  pattern.forEach((character, place) => {
    if (character === undefined) setBit(anywhere, place);
    else masks.set(character, new Uint32Array(words));
  });
  for (const [character, mask] of masks) {
    pattern.forEach((wanted, place) => {
      if (wanted === undefined || wanted === character) setBit(mask, place);
    });
  }
  const lastBit = 1 << ((pattern.length - 1) % bitsPerWord);
  return (text, from) => {
    const found = new Uint32Array(words);
    for (let at = from; at < text.length; at += 1) {
      const mask = masks.get(text.charAt(at)) ?? anywhere;
      let carried = 1;
      for (let word = 0; word < words; word += 1) {
        const before = found[word] ?? 0;
        found[word] = ((before << 1) | carried) & (mask[word] ?? 0);
        carried = before >>> (bitsPerWord - 1);
      }
      if (((found[words - 1] ?? 0) & lastBit) !== 0) return at - pattern.length + 1;
    }
    return -1;
  };
}

function setBit(words: Uint32Array, place: number): void {
  const word = Math.floor(place / bitsPerWord);
  words[word] = (words[word] ?? 0) | (1 << (place % bitsPerWord));
}
