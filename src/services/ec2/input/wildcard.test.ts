import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { wildcard } from './wildcard.ts';

describe('a filter’s value', () => {
  test.each([
    ['web', 'web', true],
    ['web', 'web-1', false],
    ['web', 'Web', false],
    ['web*', 'web', true],
    ['web*', 'web-1', true],
    ['*web', 'the web', true],
    ['w?b', 'wob', true],
    ['w?b', 'wb', false],
    ['*', '', true],
    ['?', '', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['\\*web', '*web', true],
    ['\\*web', 'a web', false],
    ['\\\\', '\\', true],
    ['web\\', 'web\\', true],
    ['?', '🚢', true],
  ])('%s matches %s: %s', (pattern, text, isMatch) => {
    expect(wildcard(pattern)(text)).toBe(isMatch);
  });

  it('matches what a regular expression would', () => {
    const piece = fc.constantFrom('a', 'b', '*', '?', '\\*', '\\?', '\\\\');
    const text = fc.array(fc.constantFrom('a', 'b', '*', '?', '\\'), { maxLength: 8 });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), text, (pieces, characters) => {
        const source = pieces.map((each) => (each === '*' ? '.*' : each === '?' ? '.' : each));
        const expected = new RegExp(`^${source.join('')}$`, 's').test(characters.join(''));
        expect(wildcard(pieces.join(''))(characters.join(''))).toBe(expected);
      }),
    );
  });

  it('takes no longer for a pattern made to take long', () => {
    expect(wildcard('*a'.repeat(100_000))('a'.repeat(256))).toBe(false);
    expect(wildcard(`${'*a'.repeat(120)}b`)('a'.repeat(256))).toBe(false);
  });
});
