import { isIPv4 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileCondition } from './condition.ts';
import { readIpRange } from './ip-range.ts';
import { type ContextValue, RequestContext } from './request.ts';

function holds(
  operator: string,
  wanted: string | readonly string[],
  given: ContextValue | undefined,
): boolean {
  const values = typeof wanted === 'string' ? [wanted] : wanted;
  const context = new RequestContext([
    ...(given === undefined ? [] : [['test:key', given] as const]),
    ['aws:username', 'ada'],
  ]);
  return compileCondition({ operator, key: 'TEST:Key', values }, true)(context);
}

type Row = [operator: string, wanted: string | string[], given: ContextValue | undefined, answer: boolean];

describe('condition operators', () => {
  it.each<Row>([
    ['StringEquals', 'a', 'a', true],
    ['StringEquals', 'a', 'A', false],
    ['StringEquals', 'a*', 'ab', false],
    ['StringEquals', ['a', 'b'], 'b', true],
    ['StringEquals', '${aws:username}', 'ada', true],
    ['StringEquals', '${aws:team}', 'ada', false],
    ['StringEquals', [], 'a', false],
    ['StringNotEquals', ['a', 'b'], 'b', false],
    ['StringNotEquals', ['a', 'b'], 'c', true],
    ['StringNotEquals', '${aws:team}', 'ada', true],
    ['StringEqualsIgnoreCase', 'Äa', 'äA', true],
    ['StringEqualsIgnoreCase', '${aws:username}', 'ADA', true],
    ['StringNotEqualsIgnoreCase', 'a', 'A', false],
    ['StringLike', 'a*', 'abc', true],
    ['StringLike', 'A*', 'abc', false],
    ['StringLike', '${aws:username}/*', 'ada/x', true],
    ['StringNotLike', 'a*', 'abc', false],
    ['NumericEquals', '1.0', '1', true],
    ['NumericEquals', '1', 'one', false],
    ['NumericNotEquals', '1', 'one', true],
    ['NumericNotEquals', '1', '1', false],
    ['NumericLessThan', '10', '9', true],
    ['NumericLessThan', '10', '10', false],
    ['NumericLessThanEquals', '10', '10', true],
    ['NumericGreaterThan', '-1.5', '-1.4', true],
    ['NumericGreaterThanEquals', '1e3', '1000', true],
    ['NumericGreaterThanEquals', '${aws:team}', '5', false],
    ['DateEquals', '2026-01-02T03:04:05Z', '1767323045', true],
    ['DateEquals', '2026-01-02T04:04:05+01:00', '2026-01-02T03:04:05.000Z', true],
    ['DateNotEquals', '2026', '2026-01-01', false],
    ['DateLessThan', '2026-01-01', '2025-12-31T23:59:59Z', true],
    ['DateLessThanEquals', '2026-01-01', '2026-01-01T00:00Z', true],
    ['DateGreaterThan', '2026-01-01', '2026-01-01T00:00:00.5Z', true],
    ['DateGreaterThanEquals', '2026-01-01', 'yesterday', false],
    ['Bool', 'true', 'TRUE', true],
    ['Bool', 'False', 'false', true],
    ['Bool', 'true', 'false', false],
    ['Bool', 'yes', 'yes', false],
    ['BinaryEquals', 'QmluYXJ5', 'QmluYXJ5', true],
    ['BinaryEquals', 'QQ==', 'QQ', true],
    ['BinaryEquals', 'QQ==', '??', false],
    ['IpAddress', '10.0.0.0/8', '10.255.0.1', true],
    ['IpAddress', '10.0.0.0/8', '11.0.0.1', false],
    ['IpAddress', '10.0.0.1', '10.0.0.1', true],
    ['IpAddress', '2001:db8::/32', '2001:0db8:1::1', true],
    ['IpAddress', '::ffff:0:0/96', '10.0.0.1', false],
    ['IpAddress', '10.0.0.0/8', '::ffff:10.0.0.1', false],
    ['IpAddress', '0.0.0.0/0', '203.0.113.7', true],
    ['IpAddress', '::/0', '2001:db8::1', true],
    ['IpAddress', '0.0.0.0/0', 'nowhere', false],
    ['IpAddress', '10.0.0.0/33', '10.0.0.1', false],
    ['NotIpAddress', ['10.0.0.0/8', '192.168.0.0/16'], '192.168.1.1', false],
    ['NotIpAddress', '10.0.0.0/8', 'nowhere', true],
    ['ArnEquals', 'arn:aws:ecs:*:1:cluster/*', 'arn:aws:ecs:eu:1:cluster/a:b/c', true],
    ['ArnLike', 'arn:aws:*:1:cluster/a', 'arn:aws:ecs:eu:1:cluster/a', false],
    ['ArnLike', 'arn:aws:ecs:::x', 'arn:aws:ecs:eu::x', false],
    ['ArnLike', 'arn:aws:iam::1:user/${aws:username}', 'arn:aws:iam::1:user/ada', true],
    ['ArnLike', '*', 'arn:aws:ecs:eu:1:cluster/a', true],
    ['ArnNotEquals', 'arn:aws:ecs:eu:1:cluster/a', 'arn:aws:ecs:eu:1:cluster/a', false],
    ['ArnNotLike', 'arn:aws:ecs:*:*:*', 'no arn', true],
    ['Null', 'true', undefined, true],
    ['Null', 'true', 'a', false],
    ['Null', 'false', 'a', true],
    ['Null', 'false', undefined, false],
    ['Null', 'true', [], true],
    ['Null', ['true', 'false'], 'a', true],
  ])('%s %j of %j is %s', (operator, wanted, given, answer) => {
    expect(holds(operator, wanted, given)).toBe(answer);
  });

  it.each<Row>([
    ['StringEquals', 'a', undefined, false],
    ['StringNotEquals', 'a', undefined, true],
    ['StringEqualsIfExists', 'a', undefined, true],
    ['StringEqualsIfExists', 'a', 'b', false],
    ['StringNotEqualsIfExists', 'a', 'a', false],
    ['NotIpAddress', '10.0.0.0/8', undefined, true],
    ['ForAllValues:StringEquals', 'a', undefined, true],
    ['ForAllValues:StringEquals', 'a', [], true],
    ['ForAnyValue:StringEquals', 'a', undefined, false],
    ['ForAnyValue:StringNotEquals', 'a', undefined, false],
    ['ForAnyValue:StringEqualsIfExists', 'a', undefined, true],
  ])('%s %j of a key that is %j is %s', (operator, wanted, given, answer) => {
    expect(holds(operator, wanted, given)).toBe(answer);
  });

  it.each<Row>([
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'b', 'a'], true],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
    ['ForAllValues:StringNotEquals', ['a', 'b'], ['c', 'd'], true],
    ['ForAllValues:StringNotEquals', ['a', 'b'], ['c', 'a'], false],
    ['ForAnyValue:StringLike', ['a*'], ['b', 'ab'], true],
    ['ForAnyValue:StringNotEquals', ['a', 'b'], ['a', 'c'], true],
    ['ForAnyValue:StringNotEquals', ['a', 'b'], ['a', 'b'], false],
    ['StringEquals', 'a', ['a', 'b'], true],
    ['StringNotEquals', 'a', ['a', 'b'], false],
  ])('%s %j of %j is %s', (operator, wanted, given, answer) => {
    expect(holds(operator, wanted, given)).toBe(answer);
  });

  it('quantifies over sets as their definition says', () => {
    const value = fc.constantFrom('a', 'b', 'c');
    const sets = fc.record({
      wanted: fc.array(value, { maxLength: 3 }),
      given: fc.array(value, { minLength: 1, maxLength: 3 }),
    });
    fc.assert(
      fc.property(sets, ({ wanted, given }) => {
        const listed = new Set(wanted);
        const inList = given.filter((it) => listed.has(it)).length;
        expect(holds('ForAllValues:StringEquals', wanted, given)).toBe(inList === given.length);
        expect(holds('ForAllValues:StringNotEquals', wanted, given)).toBe(inList === 0);
        expect(holds('ForAnyValue:StringEquals', wanted, given)).toBe(inList > 0);
        expect(holds('ForAnyValue:StringNotEquals', wanted, given)).toBe(inList < given.length);
      }),
    );
  });

  it('tells by a negated operator the opposite of its positive, for any single value', () => {
    const pairs = [
      ['StringLike', 'StringNotLike'],
      ['NumericEquals', 'NumericNotEquals'],
      ['DateEquals', 'DateNotEquals'],
      ['IpAddress', 'NotIpAddress'],
      ['ArnLike', 'ArnNotLike'],
    ] as const;
    const text = fc.oneof(
      fc.string({ maxLength: 5 }),
      fc.ipV4(),
      fc.integer().map(String),
      fc.constantFrom('2026', '*'),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...pairs),
        text,
        fc.option(text, { nil: undefined }),
        ([is, isNot], wanted, given) => {
          expect(holds(isNot, wanted, given)).toBe(!holds(is, wanted, given));
        },
      ),
    );
  });
});

describe('IP ranges', () => {
  /** All bits of an address as one number. */
  function bitsOf(address: string): bigint {
    if (isIPv4(address)) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
    const [head = '', tail] = address.split('::');
    const groups = (text: string) => (text === '' ? [] : text.split(':'));
    const before = groups(head);
    const after = tail === undefined ? [] : groups(tail);
    const zeros = Array<string>(8 - before.length - after.length).fill('0');
    return [...before, ...zeros, ...after].reduce((sum, part) => sum * 65_536n + BigInt(`0x${part}`), 0n);
  }

  it.each([
    ['IPv4', fc.ipV4(), 32],
    ['IPv6', fc.ipV6().filter((address) => !address.includes('.')), 128],
  ] as const)('of %s hold the addresses that share the prefix', (_, address, length) => {
    fc.assert(
      fc.property(address, address, fc.nat(length), fc.boolean(), (network, other, prefix, isNear) => {
        const candidate = isNear ? network : other;
        const shift = BigInt(length - prefix);
        const expected = bitsOf(network) >> shift === bitsOf(candidate) >> shift;
        expect(readIpRange(`${network}/${prefix}`)?.(candidate)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['', '10.0.0', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', '::/129', 'fe80::1%eth0', '10.0.0.*'])(
    '%j is none',
    (text) => {
      expect(readIpRange(text)).toBeUndefined();
    },
  );
});
