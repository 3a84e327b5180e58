import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { checkExpression, findExpression, matchesExpression, plainExpression } from './index.ts';

const character = fc.constantFrom(...'abcA09/-_.?=&'.split(''));
const escaped = character.map((each) => (/[./?-]/.test(each) ? `\\${each}` : each));
const set = fc.constantFrom(
  ...[
    '[a-c]',
    '[^a-c]',
    '[A-Z0-9_]',
    '[^/?]',
    '\\d',
    '\\W',
    '\\s',
    '.',
    '[\\w.-]',
    '[[:alpha:]]',
    '[]a-]',
    '[^]b]',
  ],
);
const { expression } = fc.letrec<{ expression: string; item: string }>((tie) => ({
  expression: fc.array(tie('item'), { maxLength: 4 }).map((items) => items.join('')),
  item: fc.oneof(
    { maxDepth: 3 },
    escaped,
    set,
    fc.constantFrom('^', '$', '\\b', '\\B', '(?i)', '\\A', '\\z'),
    tie('expression').map((of) => `(${of})`),
    fc.tuple(tie('expression'), tie('expression')).map(([one, other]) => `(?:${one}|${other})`),
    fc.tuple(tie('expression'), tie('expression')).map(([one, other]) => `(?P<x>${one}|${other})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('*', '+', '?', '*?', '+?', '??', '{2}', '{1,3}', '{2,}', '{0,2}?'),
      )
      .map(([of, times]) => `(${of})${times}`),
    fc.tuple(escaped, fc.constantFrom('*', '+', '?', '{2}')).map(([of, times]) => `${of}${times}`),
    fc.tuple(set, fc.constantFrom('*', '+', '{1,3}')).map(([of, times]) => `${of}${times}`),
  ),
}));

const isTaken = (text: string): boolean => {
  try {
    checkExpression(text);
    return true;
  } catch {
    return false;
  }
};

describe('an expression', () => {
  it.each<[string, RegExp]>([
    ['a(?=b)', /^lookaheads/],
    ['a(?!b)', /^lookaheads/],
    ['(?<=a)b', /^lookbehinds/],
    ['(?<!a)b', /^lookbehinds/],
    ['(a)\\1', /^backreferences/],
    ['(?P<a>x)(?P=a)', /^backreferences/],
    ['(?>a)', /^atomic groups/],
    ['a++', /^possessive/],
    ['a?+', /^possessive/],
    ['(a)(?1)', /^subroutines and recursion/],
    ['(?R)', /^subroutines and recursion/],
    ['\\p{L}', /^Unicode/],
    ['[\\PL]', /^Unicode/],
    ['\\Qa\\E', /^the escape '\\Q'/],
    ['\\K', /^the escape '\\K'/],
    ['(?m)^a', /^the flag 'm'/],
    ['(?#a)', /^groups that begin/],
    ['(*LIMIT_MATCH=1)a', /^a quantifier follows nothing/],
    ['é', /^it can have printable/],
    ['a\nb', /^it can have printable/],
    ['(a', /^a '\(' has no '\)'/],
    ['a)', /^a '\)' has no '\('/],
    ['[a', /^a '\[' has no '\]'/],
    ['[z-a]', /^a range/],
    ['[[:x:]]', /^the class/],
    ['(?<a>x)(?P<a>y)', /^two captures are named 'a'/],
    ['a**', /^a quantifier follows/],
    ['a{2}{3}', /^a quantifier follows/],
    ['*a', /^a quantifier follows/],
    ['^*', /^a quantifier follows/],
    ['a{3,2}', /in reverse$/],
    ['a{1001}', /at most 1000$/],
    ['a\\', /ends with a backslash$/],
    ['(a*)*', /^repeating what can be empty/],
    ['(|a)+', /^repeating what can be empty/],
    ['('.repeat(60) + ')'.repeat(60), /deep$/],
    ['(a+)+', /exponential/],
    ['(a|a)*', /exponential/],
    ['(a|ab|b)*x', /exponential/],
    ['^/([a-z]+-?)+/x$', /exponential/],
    ['(.*x.*)+', /exponential/],
    ['(a{500}){500}', /too large$/],
    ['((a|b){1,30}){1,40}', /too large$/],
  ])('like %s is refused', (text, message) => {
    expect(() => checkExpression(text)).toThrow(message);
  });

  it.each([
    '^/api/(v[0-9]+)/(.*)$',
    '^(.+)\\.example\\.com$',
    '^/dp/([A-Za-z0-9]+)/?$',
    '^([^?]*)',
    '(^/foo(/)?)',
    '^(\\d{1,3}\\.){3}\\d{1,3}$',
    '^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}(?::\\d+)?$',
    '^/(en|de|fr)(/.*)?$',
    '(?i)^/img/.*\\.(png|jpe?g)$',
    '^(/[a-z]+)*$',
    '.*',
    'a{',
    'x{,3}',
    '',
  ])('like %s is taken', (text) => {
    expect(isTaken(text)).toBe(true);
  });

  it('is written as RE2 would have read it', () => {
    const text = fc.array(fc.constantFrom(...'abcA09/-_.?=& \n'.split('')), { maxLength: 12 });
    let taken = 0;
    fc.assert(
      fc.property(expression, fc.array(text, { minLength: 5, maxLength: 5 }), (given, texts) => {
        if (!isTaken(given)) return;
        taken += 1;
        const read = RE2JS.compile(given);
        for (const each of texts.map((all) => all.join(''))) {
          const matcher = read.matcher(each);
          const wanted = matcher.find() ? [matcher.start(), matcher.end(), matcher.group(0)] : undefined;
          const found = findExpression(given, each);
          expect(found && [found.start, found.end, found.group(0)], `${given} in ${each}`).toEqual(wanted);
        }
      }),
      { numRuns: 2_000 },
    );
    expect(taken).toBeGreaterThan(500);
  });

  it('is written in harmless characters', () => {
    fc.assert(
      fc.property(expression, (given) => {
        if (isTaken(given)) expect(plainExpression(given)).toMatch(/^[A-Za-z0-9\\()[\]{}|*+?:,-]*$/);
      }),
    );
  });

  it('takes time in proportion to a text', () => {
    const path = `/${'a/'.repeat(8_000)}`;
    expect(matchesExpression('^/(.*)/(.*)/(.*)/(.*)/x$', path)).toBe(false);
  });
});
