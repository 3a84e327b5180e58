import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  givesAddresses,
  isInRange,
  isUsable,
  mayGo,
  numberOfAddress,
  partsOf,
  rangeOf,
  type ServiceRanges,
  textOfAddress,
} from './service-ranges.ts';

const named = (name: string, cidrs: readonly string[], more: object = {}): ServiceRanges => ({
  ...{ metadata: { name, ...more }, spec: { cidrs } },
});
const going = { deletionTimestamp: '2026-01-01T00:00:00Z' };

it('addresses and numbers are the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (number) => {
      expect(numberOfAddress(textOfAddress(number))).toBe(number);
    }),
  );
  expect(numberOfAddress('fd00::1')).toBeUndefined();
  expect(rangeOf('fd00::/108')).toBeUndefined();
});

it('the parts of a range are all that is usable, each once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 18, max: 30 }), (length) => {
      const range = rangeOf(`10.100.0.0/${length}`);
      if (range === undefined) throw new TypeError('no range');
      const places = partsOf(range).flatMap(({ from, to }) =>
        Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index),
      );
      expect(new Set(places).size).toBe(places.length);
      expect(places).toHaveLength(range.size - 2);
      expect(places.every((place) => isUsable(range.first + place, range))).toBe(true);
    }),
    { numRuns: 20 },
  );
  const keptOf = (cidr: string) => partsOf(rangeOf(cidr) ?? { cidr, first: 0, size: 0 })[0].from - 1;
  expect(['/28', '/27', '/24', '/20', '/16'].map((length) => keptOf(`10.0.0.0${length}`))).toEqual([
    0, 16, 16, 256, 256,
  ]);
});

describe('a ServiceCIDR', () => {
  it('gives addresses when it is ready, or nobody has said, and does not go', () => {
    const ready = (status: string) => ({
      ...named('a', []),
      status: { conditions: [{ type: 'Ready', status }] },
    });
    expect(givesAddresses(named('a', []))).toBe(true);
    expect(givesAddresses(named('a', [], going))).toBe(false);
    expect(givesAddresses(ready('True'))).toBe(true);
    expect(givesAddresses(ready('False'))).toBe(false);
  });

  it('may go exactly when no address would be in none that stays', () => {
    const network = fc
      .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 26, max: 31 }))
      .map(([place, length]) => {
        const size = 2 ** (32 - length);
        return `10.0.0.${Math.floor(place / size) * size}/${length}`;
      });
    const cidr = fc.record({ network, isGoing: fc.boolean() });
    fc.assert(
      fc.property(
        network,
        fc.array(cidr, { maxLength: 4 }),
        fc.uniqueArray(fc.nat(63)),
        (own, others, places) => {
          const leaving = named('leaving', [own], going);
          const all = others.map((it, index) => named(`o${index}`, [it.network], it.isGoing ? going : {}));
          const held = places.map((place) => `10.0.0.${place}`);
          const isIn = (text: string, address: string) => {
            const range = rangeOf(text);
            return range !== undefined && isInRange(numberOfAddress(address) ?? Number.NaN, range);
          };
          const isOrphan = (address: string) =>
            isIn(own, address) && !others.some((it) => !it.isGoing && isIn(it.network, address));
          expect(mayGo(leaving, [leaving, ...all], held)).toBe(!held.some(isOrphan));
        },
      ),
    );
  });
});
