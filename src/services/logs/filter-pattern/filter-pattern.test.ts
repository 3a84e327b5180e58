import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../../protocols/index.ts';
import { parseFilterPattern } from './index.ts';
import { splitColumns } from './space-delimited-pattern.ts';

/** A pattern, messages that match it, and messages that don't. */
type Row = readonly [pattern: string, matching: readonly string[], others: readonly string[]];

const requestLine = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534';
const order = JSON.stringify({
  eventType: 'UpdateTrail',
  sourceIPAddress: '111.111.111.111',
  arrayKey: ['value', 'another value'],
  objectList: [
    { name: 'a', id: 1 },
    { name: 'b', id: 2 },
  ],
  SomeObject: null,
  ThisFlag: true,
  bandwidth: 75.5,
  zero: 0,
  'cluster.name': 'c',
  nested: { deep: { er: 'yes' } },
});

const rows: readonly Row[] = [
  // Terms.
  ['', ['anything', ''], []],
  ['ERROR', ['[ERROR 400] BAD REQUEST', 'ERROR', 'x ERROR: y'], ['ERRORS', 'error', 'NOERROR']],
  ['ERROR ARGUMENTS', ['ERROR: bad ARGUMENTS', 'ARGUMENTS ERROR'], ['ERROR only', 'ARGUMENTS only']],
  ['"INTERNAL SERVER ERROR"', ['[ERROR 500] INTERNAL SERVER ERROR'], ['INTERNAL ERROR SERVER']],
  ['"a \\"b\\" c"', ['a "b" c'], ['a b c']],
  ['ERROR -EXIT', ['ERROR here'], ['ERROR EXIT', 'fine']],
  ['-"GET /health"', ['GET /'], ['10.0.0.1 GET /health 200']],
  ['?ERROR ?WARN', ['ERROR', 'a WARN'], ['INFO']],
  ['?ERROR ?WARN FATAL', ['FATAL', 'FATAL ERROR'], ['ERROR']],
  ['%AUTHORIZED%', ['UNAUTHORIZED', 'AUTHORIZED'], ['authorized']],
  ['%4\\d\\d%', ['status 404'], ['status 4x4']],
  ['-%^start%', ['no start'], ['start here']],
  ['/var/log', ['see /var/log now'], ['see /var/logs']],
  ['größe', ['die größe x'], ['größen']],

  // JSON.
  ['{ $.eventType = "UpdateTrail" }', [order], ['{"eventType":"Update"}', 'UpdateTrail', '{']],
  ['{ $.eventType = UpdateTrail }', [order], []],
  ['{$.eventType="Update*"}', [order], ['{"eventType":"xUpdate"}']],
  ['{ $.sourceIPAddress != 123.123.* }', [order], ['{"sourceIPAddress":"123.123.1.1"}', '{}']],
  ['{ $.arrayKey[0] = "value" }', [order], ['{"arrayKey":["x"]}', '{"arrayKey":"value"}', '{"arrayKey":[]}']],
  ['{ $.objectList[1].id = 2 }', [order], []],
  ['{ $.objectList[*].id = 2 }', [order], ['{"objectList":[{"id":3}]}']],
  ['{ $.SomeObject IS NULL }', [order], ['{"SomeObject":1}', '{}']],
  ['{ $.SomeOtherObject NOT EXISTS }', [order, '{}'], ['{"SomeOtherObject":null}']],
  ['{ $.ThisFlag IS TRUE }', [order], ['{"ThisFlag":false}', '{"ThisFlag":"TRUE"}']],
  ['{ $.ThisFlag IS FALSE }', ['{"ThisFlag":false}'], [order]],
  ['{ $.bandwidth > 75 }', [order], ['{"bandwidth":75}', '{"bandwidth":"80"}', '{}']],
  ['{ $.bandwidth = 7.55e1 }', [order], ['{"bandwidth":"75.5x"}']],
  ['{ $.zero >= 0 && $.zero <= 0 }', [order], ['{"zero":1}']],
  ['{ $.zero = 0.0 }', [order], []],
  ["{ $.['cluster.name'] = c }", [order], []],
  ["{ $['cluster.name'] = c }", [order], []],
  ['{ $.nested.deep.er = "yes" }', [order], ['{"nested":{"deep":"yes"}}']],
  ['{ $.nested = "*" }', [], [order]],
  [
    '{ ($.a = 1 || $.a = 2) && $.b = "x" }',
    ['{"a":1,"b":"x"}', '{"a":2,"b":"x"}'],
    ['{"a":3,"b":"x"}', '{"a":1}'],
  ],
  ['{ $.a = 1 || $.a = 2 && $.b = "x" }', ['{"a":1}', '{"a":2,"b":"x"}'], ['{"a":2}']],
  ['{ $.code = %4[0-9]{2}% }', ['{"code":404}', '{"code":"410"}'], ['{"code":500}', '{}']],
  ['{ $.code != %^4% }', ['{"code":500}'], ['{"code":404}']],
  ['{ $[0].a = 1 }', ['[{"a":1}]'], ['{"a":1}']],
  [
    '{ $.user.email = "*@example.com" }',
    ['{"user":{"email":"a@example.com"}}'],
    ['{"user":{"email":"a@example.org"}}'],
  ],

  // Columns.
  ['[ip, id, user, timestamp, request, status_code, size]', [requestLine], ['too few']],
  [
    '[ip, id, user, timestamp, request, status_code = 4*, size]',
    [requestLine],
    [requestLine.replace('404', '504')],
  ],
  [
    '[ip, id, user, timestamp, request = *.html*, status_code = 4*, size]',
    [requestLine],
    [requestLine.replace('.html', '.txt')],
  ],
  ['[..., status_code = 404, size > 1000]', [requestLine], [requestLine.replace('1534', '99')]],
  ['[ip = 127.*, ...]', [requestLine, '127.0.0.1'], ['10.0.0.1 x']],
  ['[ip, ..., size]', [requestLine, 'a b'], ['a']],
  ['[w1 = ERROR || w1 = %WARN%, w2]', ['ERROR x', 'WARNING y'], ['INFO z', 'ERROR']],
  ['[..., status = 4* && status != 404, size]', [requestLine.replace('404', '403')], [requestLine]],
  ['[ip, , user = "frank", ...]', [requestLine], []],
  ['[w1 = "two words", w2]', ['"two words" x', '[two words] x'], ['two words']],
  ['[n >= 1.5]', ['1.5', '2e3'], ['1', 'many']],
];

describe('filter patterns', () => {
  it.each(rows)('%s', (pattern, matching, others) => {
    const matches = parseFilterPattern(pattern);
    for (const message of matching) expect([message, matches(message)]).toEqual([message, true]);
    for (const message of others) expect([message, matches(message)]).toEqual([message, false]);
  });

  it.each([
    '{ $.a = }',
    '{ $.a }',
    '{ a = 1 }',
    '{ $.a > x }',
    '{ $.a = 1 ',
    '{ $.a = 1 } more',
    '{ ($.a = 1 }',
    '{ $.a = "x }',
    '{ $.a[x] = 1 }',
    '{ $.a IS MAYBE }',
    `{ ${'('.repeat(60)}$.a = 1${')'.repeat(60)} }`,
    '[a, ..., b, ...]',
    '[a',
    '[= 4]',
    '"open',
    '%open',
    '%a(b)%',
    '%a[%',
    '-',
  ])('refuses %s', (pattern) => {
    expect(() => parseFilterPattern(pattern)).toThrow(Refusal);
    expect(() => parseFilterPattern(pattern)).toThrow('Invalid filter pattern');
  });

  it('understands or refuses any text, and never breaks', () => {
    const alphabet = [...'{}[]()$.=!<>|&*%"\\?-, ', 'a', '1', 'IS', 'NULL', '...', '&&', '||', '$.a'];
    const text = fc.array(fc.constantFrom(...alphabet), { maxLength: 25 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, (pattern, message) => {
        try {
          parseFilterPattern(pattern)(message);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('finds a number in JSON exactly when it compares so', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (value, bound) => {
          const message = JSON.stringify({ v: value });
          expect(parseFilterPattern(`{ $.v < ${bound} }`)(message)).toBe(value < bound);
          expect(parseFilterPattern(`{ $.v >= ${bound} }`)(message)).toBe(value >= bound);
        },
      ),
    );
  });

  it('takes linear time on hostile messages', () => {
    const started = performance.now();
    const hostile = [' [', '" ', '[ " ', '\\"'].map((piece) => piece.repeat(250_000));
    for (const message of hostile) {
      splitColumns(message);
      parseFilterPattern('%a*a*a*a*a*b%')('a'.repeat(20_000));
      parseFilterPattern('[a = *a*a*a*b, ...]')('a'.repeat(200_000));
    }
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
