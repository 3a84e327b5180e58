import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../store/index.ts';
import { compare } from './compare.ts';
import { noFields, union } from './field-set.ts';
import { isSaidBy } from './known-fields.ts';
import { kindShape, messageShape } from './message-shape.ts';
import { deduced, type MapShape } from './shape.ts';

const name = fc.constantFrom('a', 'b', 'c');
const port = fc.record(
  { containerPort: fc.nat(3), protocol: fc.constantFrom('TCP', 'UDP'), name },
  { requiredKeys: ['containerPort', 'protocol'] },
);
const container = fc.record(
  {
    name,
    image: fc.constantFrom('', 'i:1'),
    command: fc.array(name, { maxLength: 2 }),
    env: fc.array(fc.record({ name, value: name }), { maxLength: 3 }),
    ports: fc.array(port, { maxLength: 3 }),
    resources: fc.record({ limits: fc.dictionary(name, name, { maxKeys: 2 }) }, { requiredKeys: [] }),
    securityContext: fc.record({ runAsUser: fc.nat(2) }, { requiredKeys: [] }),
  },
  { requiredKeys: ['name'] },
);
const podSpec = fc.record(
  {
    containers: fc.array(container, { maxLength: 3 }),
    nodeSelector: fc.dictionary(name, name, { maxKeys: 2 }),
    tolerations: fc.array(fc.record({ key: name }), { maxLength: 2 }),
    securityContext: fc.constant({}),
    hostNetwork: fc.boolean(),
  },
  { requiredKeys: [] },
);

const anything: MapShape = { kind: 'map', isAtomic: false, field: () => undefined, values: deduced };

describe('who adds something owns what he would lose by taking it away', () => {
  const sameBothWays = (shape: MapShape, value: Json): void => {
    const [made, taken] = [compare(shape, {}, value), compare(shape, value, {})];
    expect(union(made.added, made.changed)).toEqual(union(taken.removed, taken.changed));
    expect(made.removed).toEqual(taken.added);
  };

  it('of a kind with named items, sets, atomic parts and several items of one name', () => {
    fc.assert(
      fc.property(podSpec, (spec) => sameBothWays(messageShape('k8s.io.api.core.v1.PodSpec'), spec as Json)),
    );
  });

  it('and of what has no schema', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<Json>), (value) =>
        sameBothWays(anything, value),
      ),
    );
  });
});

describe('fields that are known already', () => {
  const pod = fc.record(
    {
      metadata: fc.record(
        {
          name,
          labels: fc.dictionary(name, name, { maxKeys: 2 }),
          finalizers: fc.array(name, { maxLength: 2 }),
          ownerReferences: fc.array(fc.record({ uid: name, kind: name }), { maxLength: 2 }),
        },
        { requiredKeys: [] },
      ),
      spec: podSpec,
    },
    { requiredKeys: [] },
  );
  const shape = kindShape('k8s.io.api.core.v1.Pod');

  it('are those of another object exactly where it would own the same', () => {
    let matched = 0;
    fc.assert(
      fc.property(pod, pod, fc.boolean(), (one, other, isCopy) => {
        const value = (isCopy ? structuredClone(one) : other) as Json;
        const { added, changed } = compare(shape, {}, one as Json);
        const said = union(added, changed);
        if (!isSaidBy(said, shape, value)) return;
        matched += 1;
        const own = compare(shape, {}, value);
        expect(union(own.added, own.changed)).toEqual(said);
        expect(own.removed).toEqual(noFields);
      }),
      { numRuns: 1_000 },
    );
    expect(matched).toBeGreaterThan(100);
  });

  it('of an event, which always says of what it is and where from', () => {
    const event = kindShape('k8s.io.api.core.v1.Event');
    const told = (reason: string): Json => ({
      metadata: { name: `web.${reason}` },
      involvedObject: { kind: 'Pod', name: 'web' },
      ...{ source: { component: 'default-scheduler' }, reason, count: 1 },
    });
    const { added, changed } = compare(event, {}, told('Scheduled'));
    const said = union(added, changed);
    expect(isSaidBy(said, event, told('Pulled'))).toBe(true);
    expect(isSaidBy(said, event, { ...(told('Pulled') as object), involvedObject: {} } as Json)).toBe(false);
    expect(isSaidBy(said, event, { ...(told('Pulled') as object), source: {} } as Json)).toBe(false);
  });

  it('of what has no schema, too', () => {
    const values = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>);
    fc.assert(
      fc.property(values, values, (one, other) => {
        const { added } = compare(anything, {}, one);
        expect(isSaidBy(added, anything, one)).toBe(true);
        if (isSaidBy(added, anything, other)) expect(compare(anything, {}, other).added).toEqual(added);
      }),
    );
  });
});
