import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestContext } from './request.ts';
import { compilePlainGlob, compileTemplate, variablesIn } from './template.ts';

/** The meaning, cell by cell: does the pattern from p on match the text from t on? */
function meansText(pattern: string, text: string): boolean {
  let after = Array.from({ length: text.length + 1 }, (_, t) => t === text.length);
  for (let p = pattern.length - 1; p >= 0; p -= 1) {
    const now = Array<boolean>(text.length + 1).fill(false);
    for (let t = text.length; t >= 0; t -= 1) {
      const isOne = pattern[p] === '?' || pattern[p] === text[t];
      now[t] =
        pattern[p] === '*'
          ? after[t] === true || (t < text.length && now[t + 1] === true)
          : t < text.length && isOne && after[t + 1] === true;
    }
    after = now;
  }
  return after[0] === true;
}

describe('wildcards', () => {
  it('mean what their definition says', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 10 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });
    fc.assert(
      fc.property(pattern, text, (wanted, given) => {
        expect(compilePlainGlob(wanted)(given)).toBe(meansText(wanted, given));
      }),
      { numRuns: 20_000 },
    );
  });

  it('mean it in long segments, too', () => {
    const segment = fc.string({ unit: fc.constantFrom('a', 'b', '?'), minLength: 30, maxLength: 100 });
    const around = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 60 });
    fc.assert(
      fc.property(segment, around, around, fc.boolean(), (wanted, before, after, isChanged) => {
        const found = wanted.replaceAll('?', isChanged ? 'b' : 'a');
        const text = before + (isChanged ? found.replace('a', 'b') : found) + after;
        expect(compilePlainGlob(`*${wanted}*`)(text)).toBe(meansText(`*${wanted}*`, text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('cost no more than a pass over the text, however they are made', () => {
    const matchers = Array.from({ length: 100 }, () => compilePlainGlob(`*${'?a'.repeat(1_000)}b*`));
    const text = 'a'.repeat(6_000);
    const startedAt = performance.now();
    expect(matchers.some((matches) => matches(text))).toBe(false);
    // Tried at each place, they would take some 1,200,000,000 comparisons.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it.each([
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['**', 'anything', true],
    ['?', '', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*.txt', 'a/b.txt', true],
    ['a.c', 'abc', false],
    ['[a-z]', 'b', false],
  ])('%j against %j is %s', (pattern, text, answer) => {
    expect(compilePlainGlob(pattern)(text)).toBe(answer);
  });

  it('answers at once where a regular expression would try for ages', () => {
    const matches = compilePlainGlob(`${'*a'.repeat(1_000)}*b`);
    const started = process.cpuUsage();
    expect(matches('a'.repeat(2_048))).toBe(false);
    expect(process.cpuUsage(started).user).toBeLessThan(200_000);
  });
});

describe('policy variables', () => {
  const context = new RequestContext([
    ['aws:username', 'ada'],
    ['aws:PrincipalTag/Cost Center', 'hull'],
    ['aws:Star', '*'],
    ['aws:Many', ['one', 'two']],
  ]);
  const like = { hasWildcards: true, hasVariables: true };

  it.each([
    ['${aws:username}/*', 'ada/log', true],
    ['${AWS:UserName}', 'ada', true],
    ['${ aws:username }', 'ada', true],
    ['${aws:PrincipalTag/cost center}', 'hull', true],
    ['${aws:Star}', '*', true],
    ['${aws:Star}', 'x', false],
    ['a${*}b', 'a*b', true],
    ['a${*}b', 'axb', false],
    ['${?}${$}', '?$', true],
    ["${aws:team, 'crew'}/x", 'crew/x', true],
    ["${aws:username, 'crew'}", 'ada', true],
    ["${aws:team, ''}x", 'x', true],
    ['${aws:team}', '', false],
    ['${aws:Many}', 'one', false],
    ["${aws:Many, 'one'}", 'one', false],
    ['${unclosed', '${unclosed', true],
    ['${}', '${}', true],
  ])('%s against %s is %s', (pattern, text, answer) => {
    expect(compileTemplate(pattern, like)(text, context)).toBe(answer);
  });

  it('are text where the version does not know them, and no wildcards where the operator has none', () => {
    expect(compileTemplate('${aws:username}', { ...like, hasVariables: false })('ada', context)).toBe(false);
    const equals = compileTemplate('${aws:username}*', { ...like, hasWildcards: false });
    expect(equals('ada*', context)).toBe(true);
    expect(equals('adam', context)).toBe(false);
  });

  it('are listed by name, without the characters that are escaped', () => {
    expect(variablesIn("x/${aws:username}/${*}/${aws:team, 'a'}")).toEqual(['aws:username', 'aws:team']);
  });

  it.each(['${', '${a,', `\${${' '.repeat(40)}`, "${a,'"])('hostile: %j many times over', (piece) => {
    const text = piece.repeat(Math.ceil(100_000 / piece.length));
    const started = process.cpuUsage();
    expect(compileTemplate(text, like)('x', context)).toBe(false);
    expect(process.cpuUsage(started).user).toBeLessThan(1_000_000);
  });
});
