import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Part, type Parts, partChanges, partsOf, requestsFor } from './parts.ts';

const link = fc.constantFrom('lo', 'up0', 'e1');
const address = fc.constantFrom('10.0.0.1', '10.0.0.2');
const way = fc.oneof(
  fc.constant({ type: 'blackhole' } as const),
  fc.record({ type: fc.constant('link' as const), link }),
  fc.record({ type: fc.constant('link' as const), link, gateway: address }),
);
const part: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ type: fc.constant('address' as const), link, address, prefixLength: fc.constant(32) }),
  fc.record({
    type: fc.constant('neighbour' as const),
    of: fc.constantFrom('arp' as const, 'tunnel' as const),
    link,
    address,
    macAddress: fc.constantFrom('02:00:00:00:00:01', '02:00:00:00:00:02'),
  }),
  fc.record({
    type: fc.constant('route' as const),
    table: fc.constantFrom(254, 1_000),
    destination: fc.constantFrom('10.0.0.0/16', '0.0.0.0/0'),
    way,
  }),
  fc.record({
    type: fc.constant('rule' as const),
    priority: fc.constantFrom(100, 200),
    table: fc.constant(254),
  }),
);
const parts: fc.Arbitrary<Parts> = fc.array(part, { maxLength: 12 }).map(partsOf);

describe('parts of a namespace', () => {
  it('become others by their changes', () => {
    fc.assert(
      fc.property(parts, parts, (before, after) => {
        const { set, removed } = partChanges(before, after);
        const now = new Map(before);
        for (const [identity] of partsOf(removed)) now.delete(identity);
        for (const [identity, part] of partsOf(set)) now.set(identity, part);
        expect(now).toEqual(after);
      }),
    );
  });

  it('have no changes when they are the same, however they were made', () => {
    fc.assert(
      fc.property(parts, (some) => {
        expect(partChanges(some, structuredClone(some))).toEqual({ set: [], removed: [] });
      }),
    );
  });

  it('are set before those are removed that they take the place of, rules after the routes that they lead to', () => {
    const route = (link: string): Part => ({
      type: 'route',
      table: 1_000,
      destination: '0.0.0.0/0',
      way: { type: 'link', link },
    });
    const rule: Part = { type: 'rule', priority: 100, table: 1_000 };
    const { set, removed } = partChanges(partsOf([route('up0')]), partsOf([rule, route('e1')]));
    expect(set).toEqual([route('e1'), rule]);
    expect(removed).toEqual([]);
    expect(partChanges(partsOf([route('up0'), rule]), new Map()).removed).toEqual([rule, route('up0')]);
  });

  it('are not asked for on links that are gone', () => {
    fc.assert(
      fc.property(parts, parts, (before, after) => {
        const changes = partChanges(before, after);
        const isOfLink = (each: Part) =>
          each.type === 'address' ||
          each.type === 'neighbour' ||
          (each.type === 'route' && each.way.type === 'link');
        const others = [...changes.set, ...changes.removed].filter((each) => !isOfLink(each));
        expect(requestsFor(changes, () => undefined)).toHaveLength(others.length);
      }),
    );
  });
});
