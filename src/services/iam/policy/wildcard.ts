import { compileShiftAnd, type Find } from './shift-and.ts';

/** Parts of a pattern: text to be found as it is, any one character, any run of characters. */
export type GlobPart = string | typeof anyOne | typeof anyRun;
export const anyOne = Symbol('?');
export const anyRun = Symbol('*');

/** Tells whether the whole text is what the pattern says. */
export type Matcher = (text: string) => boolean;

/**
 * Between two `*` stands a segment of fixed length; taking each at its first place from the left is always right,
 * so nothing is ever tried again, and a pattern costs at most its length times the text's.
 */
export function compileGlob(parts: readonly GlobPart[]): Matcher {
  const segments = segmentsOf(parts);
  const [first, ...others] = segments;
  if (first === undefined) return (text) => text === '';
  const last = others.pop();
  if (last === undefined) return (text) => text.length === first.length && first.isAt(text, 0);
  if (others.length === 0 && first.length === 0 && last.length === 0) return () => true;
  const shortest = segments.reduce((sum, { length }) => sum + length, 0);
  return (text) => {
    if (text.length < shortest || !first.isAt(text, 0)) return false;
    const lastStart = text.length - last.length;
    if (!last.isAt(text, lastStart)) return false;
    let at = first.length;
    for (const segment of others) {
      const found = segment.find(text, at);
      if (found === -1) return false;
      at = found + segment.length;
    }
    return at <= lastStart;
  };
}

interface Segment {
  readonly length: number;
  isAt(text: string, at: number): boolean;
  readonly find: Find;
}

function segmentsOf(parts: readonly GlobPart[]): readonly Segment[] {
  const segments: Segment[] = [];
  let current: (string | typeof anyOne)[] = [];
  for (const part of parts) {
    if (part === anyRun) {
      segments.push(segmentOf(current));
      current = [];
    } else current.push(part);
  }
  segments.push(segmentOf(current));
  return segments;
}

/** Up to here, trying a segment at each place of a text costs less than getting ready to do better. */
const longestTriedEverywhere = 32;

/** One for each place; undefined: any. */
const charactersOf = (parts: readonly (string | typeof anyOne)[]): readonly (string | undefined)[] =>
  parts.flatMap((part) => (part === anyOne ? [undefined] : part.split('')));

function segmentOf(parts: readonly (string | typeof anyOne)[]): Segment {
  if (!parts.includes(anyOne)) {
    const literal = parts.map(String).join('');
    return {
      length: literal.length,
      isAt: (text, at) => text.startsWith(literal, at),
      find: (text, from) => text.indexOf(literal, from),
    };
  }
  const pieces: { readonly literal: string; readonly offset: number }[] = [];
  let length = 0;
  for (const part of parts) {
    if (part === anyOne) length += 1;
    else {
      pieces.push({ literal: part, offset: length });
      length += part.length;
    }
  }
  const isAt = (text: string, at: number): boolean =>
    at + length <= text.length &&
    pieces.every(({ literal, offset }) => text.startsWith(literal, at + offset));
  return {
    length,
    isAt,
    find: length > longestTriedEverywhere ? compileShiftAnd(charactersOf(parts)) : tryEverywhere,
  };

  function tryEverywhere(text: string, from: number): number {
    for (let at = from; at + length <= text.length; at += 1) if (isAt(text, at)) return at;
    return -1;
  }
}
