import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockOf, cidrText, ipv4Text } from './ipv4.ts';
import { rangesRoutedTo, routeFor } from './routes.ts';
import type { RouteTableTopology } from './topology.ts';

const targets = [{ type: 'internet-gateway' }, { type: 'blackhole' }, { type: 'local' }] as const;

/** Blocks that hold one another: all are around the same few addresses. */
const anyTable: fc.Arbitrary<RouteTableTopology> = fc
  .uniqueArray(
    fc.record({
      destination: fc
        .tuple(
          fc.constantFrom(0x0a000000, 0x0a0000ff, 0xffffffff, 0),
          fc.constantFrom(0, 1, 8, 24, 28, 31, 32),
        )
        .map(([address, length]) => cidrText(blockOf(address, length))),
      target: fc.constantFrom(...targets),
    }),
    { maxLength: 6, selector: ({ destination }) => destination },
  )
  .map((routes) => ({ id: 'rtb-01', routes }));

describe('rangesRoutedTo', () => {
  it('holds exactly the addresses whose winning route leads there', () => {
    fc.assert(
      fc.property(anyTable, (table) => {
        const ranges = rangesRoutedTo(table, 'internet-gateway');
        const bounds = [...ranges, { first: 0x0a000000, last: 0x0a0000ff }].flatMap(({ first, last }) => [
          first,
          last,
        ]);
        const probes = [0, 1, 0x0a000000, 0x0a0000f0, 0x7fffffff, 0xffffffff, ...bounds].flatMap((at) => [
          at - 1,
          at,
          at + 1,
        ]);
        for (const address of probes.filter((at) => at >= 0 && at < 2 ** 32)) {
          const isIn = ranges.some(({ first, last }) => first <= address && address <= last);
          expect(isIn).toBe(routeFor(table, ipv4Text(address))?.target.type === 'internet-gateway');
        }
      }),
    );
  });

  it('neither overlaps nor touches', () => {
    fc.assert(
      fc.property(anyTable, (table) => {
        const ranges = rangesRoutedTo(table, 'internet-gateway');
        for (const [index, { first }] of ranges.entries()) {
          const previous = ranges[index - 1];
          if (previous !== undefined) expect(first).toBeGreaterThan(previous.last + 1);
        }
      }),
    );
  });
});
