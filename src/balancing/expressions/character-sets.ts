import { type CharacterRange, complement, joined } from './expression.ts';

const ranges = (...pairs: readonly string[]): readonly CharacterRange[] =>
  joined(pairs.map((pair) => ({ from: pair.charCodeAt(0), to: pair.charCodeAt(pair.length - 1) })));

const digits = ranges('09');
const wordCharacters = ranges('09', 'AZ', '__', 'az');
/** RE2's: PCRE2 takes the vertical tab as well. */
const spaces = ranges('\t\n', '\f\r', '  ');

/** Without their brackets; of ASCII, as RE2 and PCRE2 have them. */
export const namedSets: ReadonlyMap<string, readonly CharacterRange[]> = new Map([
  ['alnum', ranges('09', 'AZ', 'az')],
  ['alpha', ranges('AZ', 'az')],
  ['blank', ranges('\t\t', '  ')],
  ['digit', digits],
  ['graph', ranges('!~')],
  ['lower', ranges('az')],
  ['print', ranges(' ~')],
  ['punct', ranges('!/', ':@', '[`', '{~')],
  ['space', ranges('\t\r', '  ')],
  ['upper', ranges('AZ')],
  ['word', wordCharacters],
  ['xdigit', ranges('09', 'AF', 'af')],
]);

const escapes: ReadonlyMap<string, readonly CharacterRange[]> = new Map([
  ['d', digits],
  ['D', complement(digits)],
  ['w', wordCharacters],
  ['W', complement(wordCharacters)],
  ['s', spaces],
  ['S', complement(spaces)],
  ['t', ranges('\t')],
  ['n', ranges('\n')],
  ['f', ranges('\f')],
  ['r', ranges('\r')],
  ['v', ranges('\v')],
]);

/** What a letter after a backslash stands for; undefined: for none of these. */
export function setOfEscape(letter: string): readonly CharacterRange[] | undefined {
  return escapes.get(letter);
}
