import { expect, it } from 'vitest';
import { profileFor } from './matching.ts';
import type { FargateProfileRecord, PodSelector } from './record.ts';

const profile = (name: string, selectors: readonly Partial<PodSelector>[], more: object = {}) =>
  ({
    ...{ name, isActive: true },
    selectors: selectors.map((it) => ({ namespace: '*', labels: {}, ...it })),
    ...more,
  }) as unknown as FargateProfileRecord;
const pod = (namespace: string, labels: Readonly<Record<string, string>> = {}) => ({ namespace, labels });
const named = (name: string) => ({ 'eks.amazonaws.com/fargate-profile': name });

const store = profile('a-store', [{ namespace: 'store' }]);
const teams = profile('b-teams', [{ namespace: 'team-?', labels: { 'tier*': 'f*t' } }]);
const all = profile('c-all', [{ namespace: 'store*' }, { namespace: 'lab' }]);

it.each([
  ['its namespace', pod('store'), 'a-store'],
  ['a pattern of its namespace', pod('store-2'), 'c-all'],
  ['any of a profile’s selectors', pod('lab'), 'c-all'],
  ['its namespace and all labels', pod('team-1', { tier: 'front' }), 'b-teams'],
  ['a pattern of a label’s key', pod('team-1', { 'tier.of': 'ft', other: 'x' }), 'b-teams'],
  ['nothing, where one is missing', pod('team-1'), undefined],
  ['nothing, where one is other', pod('team-1', { tier: 'back' }), undefined],
  ['nothing, where the namespace is longer', pod('team-12', { tier: 'front' }), undefined],
  ['the profile that it names', pod('store', named('c-all')), 'c-all'],
  ['nothing, where the profile that it names has it not', pod('store', named('b-teams')), undefined],
])('a pod is selected by %s', (_, given, name) => {
  expect(profileFor([store, teams, all], given)?.name).toBe(name);
});

it('a profile that is only being made, or is going, selects nothing', () => {
  const selectors = [{ namespace: 'store' }];
  const making = profile('a', selectors, { isActive: undefined });
  const going = profile('b', selectors, { isDeleting: true });
  expect(profileFor([making, going, all], pod('store'))?.name).toBe('c-all');
});
