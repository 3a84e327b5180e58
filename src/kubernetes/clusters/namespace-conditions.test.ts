import { describe, expect, it } from 'vitest';
import { type Remaining, withConditions } from './namespace-conditions.ts';

const namespace = {
  ...{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'going', uid: '1', creationTimestamp: '' } },
  status: { phase: 'Terminating' },
};
const left = (group: string, name: string, ...finalizers: (readonly string[])[]): Remaining => ({
  resource: { group, name },
  objects: finalizers.map((own, i) => ({
    metadata: { name: `${i}`, uid: `${i}`, creationTimestamp: '', finalizers: own },
  })),
});
type Told = readonly Record<string, string>[];
const toldOf = ({ status }: object & { readonly status?: unknown }): Told =>
  (status as { readonly conditions: Told }).conditions;
const messageOf = (told: Told, type: string): string | undefined =>
  told.find((each) => each.type === type && each.status === 'True')?.message;

describe('withConditions', () => {
  it('counts what is left by resource and by finalizer, in order', () => {
    const told = toldOf(
      withConditions(
        namespace,
        [left('apps', 'deployments', ['b']), left('', 'secrets', ['b'], ['a'])],
        [],
        0,
      ),
    );
    expect(messageOf(told, 'NamespaceContentRemaining')).toBe(
      'Some resources are remaining: deployments.apps has 1 resource instances, secrets. has 2 resource instances',
    );
    expect(messageOf(told, 'NamespaceFinalizersRemaining')).toBe(
      'Some content in the namespace has finalizers remaining: a in 1 resource instances, b in 2 resource instances',
    );
  });

  it('tells what refused to go', () => {
    const told = toldOf(withConditions(namespace, [left('', 'pods', [])], ['no'], 0));
    expect(messageOf(told, 'NamespaceDeletionContentFailure')).toBe(
      'Failed to delete all resource types, 1 remaining: no',
    );
    expect(messageOf(told, 'NamespaceFinalizersRemaining')).toBeUndefined();
  });

  it('keeps since when a condition is as it is, and conditions of others', () => {
    const own = { type: 'Own', status: 'True' };
    const before = withConditions(
      { ...namespace, status: { conditions: [own] } },
      [left('', 'pods', ['a'])],
      [],
      0,
    );
    expect(withConditions(before, [left('', 'pods', ['a'])], [], 5_000)).toEqual(before);
    const [first, ...rest] = toldOf(withConditions(before, [left('', 'pods', [])], [], 5_000));
    expect(first).toEqual(own);
    expect(rest.map(({ type, lastTransitionTime }) => [type, lastTransitionTime])).toEqual([
      ['NamespaceDeletionDiscoveryFailure', '1970-01-01T00:00:00Z'],
      ['NamespaceDeletionGroupVersionParsingFailure', '1970-01-01T00:00:00Z'],
      ['NamespaceDeletionContentFailure', '1970-01-01T00:00:00Z'],
      ['NamespaceContentRemaining', '1970-01-01T00:00:00Z'],
      ['NamespaceFinalizersRemaining', '1970-01-01T00:00:05Z'],
    ]);
  });
});
