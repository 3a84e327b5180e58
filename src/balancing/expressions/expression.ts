/**
 * A regular expression of a rule, read: what RE2, PCRE2 and people agree on. HTTP's texts are bytes, a character for
 * each, so a character is a number from 0 to 255.
 */
export type Expression =
  | { readonly type: 'set'; readonly ranges: readonly CharacterRange[] }
  | { readonly type: 'start' | 'end' | 'boundary' | 'no-boundary' }
  | { readonly type: 'sequence' | 'choice'; readonly of: readonly Expression[] }
  /** Numbered from 1 by their beginnings. */
  | { readonly type: 'capture'; readonly number: number; readonly of: Expression }
  | {
      readonly type: 'repeat';
      readonly of: Expression;
      readonly min: number;
      /** Absent: as often as it comes. */
      readonly max?: number;
      /** As seldom as it can be. */
      readonly isLazy: boolean;
    };

/** Ends included. Of a set: in order, without overlaps, never adjacent. */
export interface CharacterRange {
  readonly from: number;
  readonly to: number;
}

/** Why a regular expression is not taken: in the middle of a sentence. */
export class ExpressionError extends Error {}

const lastCharacter = 255;

/** In order, without overlaps. */
export function joined(ranges: readonly CharacterRange[]): readonly CharacterRange[] {
  const all: CharacterRange[] = [];
  for (const range of ranges.toSorted((one, other) => one.from - other.from)) {
    const last = all.at(-1);
    if (last !== undefined && range.from <= last.to + 1)
      all[all.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    else all.push(range);
  }
  return all;
}

/** All characters that are in none of them. */
export function complement(ranges: readonly CharacterRange[]): readonly CharacterRange[] {
  const all: CharacterRange[] = [];
  let from = 0;
  for (const range of joined(ranges)) {
    if (range.from > from) all.push({ from, to: range.from - 1 });
    from = range.to + 1;
  }
  if (from <= lastCharacter) all.push({ from, to: lastCharacter });
  return all;
}

/** Letters of ASCII in both cases where there is one of them. */
export function inAnyCase(ranges: readonly CharacterRange[]): readonly CharacterRange[] {
  const others = ranges.flatMap(({ from, to }) => [
    { from: Math.max(from, 65) + 32, to: Math.min(to, 90) + 32 },
    { from: Math.max(from, 97) - 32, to: Math.min(to, 122) - 32 },
  ]);
  return joined([...ranges, ...others.filter(({ from, to }) => from <= to)]);
}

/**
 * As RE2 and PCRE2 read it, and nobody else as something else: letters, digits, `\xHH`, and the characters that make an
 * expression one.
 */
export function expressionText(expression: Expression): string {
  switch (expression.type) {
    case 'set':
      return setText(expression.ranges);
    case 'start':
      return '\\A';
    case 'end':
      return '\\z';
    case 'boundary':
      return '\\b';
    case 'no-boundary':
      return '\\B';
    case 'sequence':
      return expression.of
        .map((each) => (each.type === 'choice' ? `(?:${expressionText(each)})` : expressionText(each)))
        .join('');
    case 'choice':
      return expression.of.map(expressionText).join('|');
    case 'capture':
      return `(${expressionText(expression.of)})`;
    case 'repeat': {
      const { of, min, max, isLazy } = expression;
      const isWhole = of.type === 'set' || of.type === 'capture';
      const text = expressionText(of);
      return `${isWhole ? text : `(?:${text})`}${timesText(min, max)}${isLazy ? '?' : ''}`;
    }
  }
}

function timesText(min: number, max: number | undefined): string {
  if (max === undefined) return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`;
  if (min === 0 && max === 1) return '?';
  return min === max ? `{${min}}` : `{${min},${max}}`;
}

function setText(ranges: readonly CharacterRange[]): string {
  const [only, ...others] = ranges;
  if (only !== undefined && only.from === only.to && others.length === 0) return characterText(only.from);
  const texts = ranges.map(({ from, to }) =>
    from === to ? characterText(from) : `${characterText(from)}-${characterText(to)}`,
  );
  return `[${texts.join('')}]`;
}

function characterText(code: number): string {
  const character = String.fromCharCode(code);
  return /[A-Za-z0-9]/.test(character) ? character : `\\x${code.toString(16).padStart(2, '0')}`;
}
