import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Json, jsonEqual } from '../../store/index.ts';
import type { JsonObject } from '../objects/object.ts';
import { applyConfig } from './apply.ts';
import { compare } from './compare.ts';
import { fieldsOf } from './extract.ts';
import {
  difference,
  type FieldSet,
  intersection,
  isEmptySet,
  pathsOf,
  pathText,
  union,
  without,
} from './field-set.ts';
import type { Manager } from './managers.ts';
import { merge } from './merge.ts';
import { kindShape } from './message-shape.ts';
import { typedErrors } from './typed-errors.ts';
import { type FieldWrite, updateManagers } from './update.ts';

const shape = kindShape('k8s.io.api.core.v1.Pod');

const write = (name: string, operation: Manager['operation'] = 'Apply'): FieldWrite => ({
  ...{ shape, now: '2026-01-01T00:00:00Z', writtenOf: (fields) => fields },
  by: { name, operation, apiVersion: 'v1', subresource: '' },
});

const pathsIn = (set: FieldSet) => pathsOf(set).map(pathText);
const fieldsIn = (object: JsonObject) => pathsIn(fieldsOf(shape, object)).toSorted();

const containers = (...items: readonly JsonObject[]): JsonObject => ({ spec: { containers: items } });

describe('the fields of an object', () => {
  const cases: readonly (readonly [what: string, object: JsonObject, fields: readonly string[]])[] = [
    ['are what it says of itself', { spec: { hostname: 'x' } }, ['.spec.hostname']],
    [
      'are not what it is called',
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'x', namespace: 'y', uid: 'z', labels: { a: 'b' } },
      },
      ['.metadata.labels.a'],
    ],
    [
      'are items by their keys, with the keys that are not said',
      containers({ name: 'a', ports: [{ containerPort: 80 }] }),
      [
        '.spec.containers[name="a"]',
        '.spec.containers[name="a"].name',
        '.spec.containers[name="a"].ports[containerPort=80,protocol="TCP"]',
        '.spec.containers[name="a"].ports[containerPort=80,protocol="TCP"].containerPort',
      ],
    ],
    ['are items of sets', { metadata: { finalizers: ['x/y'] } }, ['.metadata.finalizers[="x/y"]']],
    [
      'are lists without keys as a whole',
      containers({ name: 'a', args: ['x'] }),
      [
        ...[
          '.spec.containers[name="a"]',
          '.spec.containers[name="a"].args',
          '.spec.containers[name="a"].name',
        ],
      ],
    ],
    ['are atomic maps as a whole', { spec: { nodeSelector: { a: 'b' } } }, ['.spec.nodeSelector']],
    ['are empty objects', { spec: { securityContext: {} } }, ['.spec.securityContext']],
  ];
  it.each(cases)('%s', (_what, object, fields) => expect(fieldsIn(object)).toEqual(fields));
});

describe('merging', () => {
  const named = (...names: readonly string[]) => containers(...names.map((name) => ({ name })));
  const orders: readonly (readonly [live: string, applied: string, merged: string])[] = [
    ['a b c', 'c a', 'b c a'],
    ['a b', 'c', 'a b c'],
    ['a b', 'x b', 'a x b'],
    ['a b c', 'b', 'a b c'],
    ['a b c d', 'd x a', 'b c d x a'],
  ];
  it.each(orders)('of %s with %s gives %s', (live, applied, merged) => {
    expect(merge(shape, named(...live.split(' ')), named(...applied.split(' ')))).toEqual(
      named(...merged.split(' ')),
    );
  });
});

describe('what a kind does not have', () => {
  const cases: readonly (readonly [object: JsonObject, error: string])[] = [
    [{ spec: { foo: 1 } }, '.spec.foo: field not declared in schema'],
    [{ spec: { hostname: 1 } }, '.spec.hostname: expected string, got 1'],
    [{ spec: { containers: {} } }, '.spec.containers: expected list, got {}'],
    [containers({ name: 'a' }, { name: 'a' }), '.spec.containers: duplicate entries for key [name="a"]'],
    [
      containers({ image: 'x' }),
      '.spec.containers: element 0: associative list with keys has an element that omits key field "name" (and doesn\'t have default value)',
    ],
  ];
  it.each(cases)('%j: %s', (object, error) => expect(typedErrors(shape, object)).toEqual([error]));
});

const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const text = fc.constantFrom('1', '2', '3');
const map = fc.dictionary(fc.constantFrom('a', 'b', 'c'), text, { maxKeys: 3 });
const container = fc.record(
  {
    name: fc.constantFrom('a', 'b', 'c'),
    image: some(text),
    args: some(fc.array(text, { minLength: 1, maxLength: 2 })),
    env: some(
      fc.uniqueArray(fc.record({ name: fc.constantFrom('x', 'y'), value: text }), {
        ...{ selector: ({ name }) => name, minLength: 1, maxLength: 2 },
      }),
    ),
    securityContext: some(fc.record({ runAsUser: some(fc.constantFrom(0, 1)) })),
  },
  { requiredKeys: ['name'] },
);
/** Pods with some of everything: maps, sets, named items within named items, and what is owned as a whole. */
const pods: fc.Arbitrary<JsonObject> = fc
  .record({
    metadata: fc.record({
      name: fc.constant('p'),
      labels: some(map.filter((it) => Object.keys(it).length > 0)),
      finalizers: some(fc.uniqueArray(fc.constantFrom('a/x', 'a/y'), { minLength: 1 })),
    }),
    spec: fc.record({
      hostname: text,
      nodeSelector: some(map),
      containers: some(
        fc.uniqueArray(container, { selector: ({ name }) => name, minLength: 1, maxLength: 3 }),
      ),
    }),
  })
  // As it would arrive: members that are undefined are not there.
  .map((pod) => JSON.parse(JSON.stringify(pod)) as JsonObject);
const sets = pods.map((pod) => fieldsOf(shape, pod));

const empty: JsonObject = { metadata: { name: 'p' } };

/** What one after the other applied, by force. */
function appliedBy(steps: readonly (readonly [manager: string, config: JsonObject])[]) {
  let state: { readonly object: Json; readonly managers: readonly Manager[] } = {
    ...{ object: empty, managers: [] },
  };
  for (const [manager, config] of steps)
    state = applyConfig(write(manager), state.managers, state.object, config);
  return state;
}
const steps = fc.array(fc.tuple(fc.constantFrom('one', 'two', 'three'), pods), { maxLength: 5 });

describe('sets of fields', () => {
  const naive = (one: FieldSet, other: FieldSet, keep: (inOne: boolean, inOther: boolean) => boolean) => {
    const [left, right] = [pathsIn(one), pathsIn(other)];
    return [...new Set([...left, ...right])]
      .filter((path) => keep(left.includes(path), right.includes(path)))
      .toSorted();
  };
  it('are united, cut and taken from each other as sets of paths are', () => {
    fc.assert(
      fc.property(sets, sets, (one, other) => {
        expect(pathsIn(union(one, other)).toSorted()).toEqual(naive(one, other, (a, b) => a || b));
        expect(pathsIn(intersection(one, other)).toSorted()).toEqual(naive(one, other, (a, b) => a && b));
        expect(pathsIn(difference(one, other)).toSorted()).toEqual(naive(one, other, (a, b) => a && !b));
      }),
    );
  });

  it('lose what is below the fields of another', () => {
    expect(
      pathsIn(
        without(fieldsOf(shape, { spec: { hostname: 'a' }, status: { phase: 'x' } }), { 'f:spec': {} }),
      ),
    ).toEqual(['.status.phase']);
  });
});

describe('objects of any content', () => {
  it('do not differ from themselves, and each field of a difference is in one of both', () => {
    fc.assert(
      fc.property(pods, pods, (one, other) => {
        const none = compare(shape, one, structuredClone(one));
        expect([none.added, none.changed, none.removed].every(isEmptySet)).toBe(true);
        const { added, changed, removed } = compare(shape, one, other);
        const back = compare(shape, other, one);
        expect([pathsIn(back.added), pathsIn(back.changed)]).toEqual([pathsIn(removed), pathsIn(changed)]);
        expect(isEmptySet(intersection(added, removed))).toBe(true);
        const unseen = difference(fieldsOf(shape, other), union(union(added, changed), fieldsOf(shape, one)));
        // What had something in it is not another by having nothing.
        expect(pathsIn(unseen).every((path) => path.endsWith('.securityContext'))).toBe(true);
      }),
    );
  });

  it('say what both say once they are merged', () => {
    fc.assert(
      fc.property(pods, pods, (live, config) => {
        const merged = merge(shape, live, config);
        expect(jsonEqual(merge(shape, merged, config), merged)).toBe(true);
        // What was empty may have something in it now.
        const lost = difference(fieldsOf(shape, config), fieldsOf(shape, merged));
        expect(pathsIn(lost).every((path) => path.endsWith('.securityContext'))).toBe(true);
        const { changed, removed } = compare(shape, config, merged);
        expect([pathsIn(changed), pathsIn(removed)]).toEqual([[], []]);
      }),
    );
  });
});

describe('applying, whatever was applied before,', () => {
  it('a second time changes neither the object nor who owns what', () => {
    fc.assert(
      fc.property(steps, pods, (before, config) => {
        const { object, managers } = appliedBy(before);
        const once = applyConfig(write('one'), managers, object, config);
        const twice = applyConfig({ ...write('one'), now: 'later' }, once.managers, once.object, config);
        expect(twice.conflicts).toEqual([]);
        expect([twice.object, new Set(twice.managers)]).toEqual([once.object, new Set(once.managers)]);
      }),
    );
  });

  it('makes the writer the owner of what he says, and that is what is there', () => {
    fc.assert(
      fc.property(steps, pods, (before, config) => {
        const { object, managers } = appliedBy([...before, ['one', config]]);
        const fields = fieldsOf(shape, config);
        const own = managers.find(({ name }) => name === 'one');
        expect(jsonEqual(own?.fields ?? {}, fields)).toBe(true);
        const { changed, removed } = compare(shape, config, object);
        expect([pathsIn(changed), pathsIn(removed)]).toEqual([[], []]);
      }),
    );
  });

  it('leaves every other owner what he shares or nobody else says', () => {
    fc.assert(
      fc.property(steps, pods, (before, config) => {
        const { object, managers } = appliedBy(before);
        const after = applyConfig(write('four'), managers, object, config);
        const disputed = after.conflicts.reduce<FieldSet>((all, { fields }) => union(all, fields), {});
        for (const manager of managers) {
          const left = after.managers.find(({ name }) => name === manager.name)?.fields ?? {};
          expect(pathsIn(left)).toEqual(pathsIn(difference(manager.fields, disputed)));
        }
      }),
    );
  });

  it('comes to the same in whatever order the managers are listed', () => {
    fc.assert(
      fc.property(steps, pods, (before, config) => {
        const { object, managers } = appliedBy(before);
        const one = applyConfig(write('one'), managers, object, config);
        const other = applyConfig(write('one'), managers.toReversed(), object, config);
        expect(one.object).toEqual(other.object);
        expect(new Set(one.managers)).toEqual(new Set(other.managers));
      }),
    );
  });

  it('an empty configuration takes away what nobody else owns, and all of it', () => {
    fc.assert(
      fc.property(steps, pods, (before, config) => {
        const { managers } = appliedBy([...before, ['one', config], ['one', empty]]);
        expect(managers.some(({ name }) => name === 'one')).toBe(false);
        const alone = appliedBy([
          ['one', config],
          ['one', empty],
        ]);
        expect(pathsIn(fieldsOf(shape, alone.object))).toEqual([]);
      }),
    );
  });
});

describe('updating', () => {
  it('makes nobody the owner of what did not change, and only the writer of what did', () => {
    fc.assert(
      fc.property(steps, pods, (before, after) => {
        const { object, managers } = appliedBy(before);
        const left = updateManagers(write('writer', 'Update'), managers, object, after);
        const { added, changed, removed } = compare(shape, object, after);
        const own = left.find(({ name }) => name === 'writer')?.fields ?? {};
        expect(pathsIn(own)).toEqual(pathsIn(union(added, changed)));
        for (const manager of left) {
          expect(isEmptySet(intersection(manager.fields, removed))).toBe(true);
          if (manager.name !== 'writer') expect(isEmptySet(intersection(manager.fields, own))).toBe(true);
        }
      }),
    );
  });
});
