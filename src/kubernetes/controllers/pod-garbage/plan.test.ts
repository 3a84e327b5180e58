import { describe, expect, it } from 'vitest';
import { node, pod, start } from '../testing/builders.ts';
import { fateOf, tooMany } from './plan.ts';

describe('a pod that no kubelet takes care of', () => {
  const outOfService = { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] };
  const goes = { type: 'goes', why: undefined };
  it.each([
    ['without a node stays', pod('a', { node: '' }), undefined, { type: 'stays' }],
    ['without a node goes when it is to', pod('a', { node: '', deletedAt: start }), undefined, goes],
    [
      'on a node that is there stays',
      pod('a', { deletedAt: start }),
      node('n', 'Unknown'),
      { type: 'stays' },
    ],
    [
      'on a node that is off goes when it is to',
      pod('a', { deletedAt: start }),
      node('n', 'Unknown', outOfService),
      goes,
    ],
    ['on a node that is off stays', pod('a'), node('n', 'Unknown', outOfService), { type: 'stays' }],
    [
      'on a node that works stays',
      pod('a', { deletedAt: start }),
      node('n', 'True', outOfService),
      { type: 'stays' },
    ],
  ])('%s', (_, given, on, fate) => {
    expect(fateOf(given, on, undefined, start)).toEqual(fate);
  });
  it('waits for its node, which may be made anew', () => {
    expect(fateOf(pod('a'), undefined, undefined, start)).toEqual({ type: 'waits', afterMs: 40_000 });
    expect(fateOf(pod('a'), undefined, start, start + 40_000)).toEqual({
      ...{ type: 'goes', why: 'PodGC: node no longer exists' },
    });
  });
});

it('of too many that have ended the evicted and the oldest go first', () => {
  const ended = ['a', 'b', 'c', 'd'].map((name, at) =>
    pod(name, { phase: 'Failed', createdAt: start + at * 1_000 }),
  );
  const [, , c] = ended;
  const evicted = { ...c, status: { phase: 'Failed', reason: 'Evicted' } } as (typeof ended)[number];
  const given = ended.map((it) => (it === c ? evicted : it));
  expect(tooMany(given, 2).map(({ metadata }) => metadata.name)).toEqual(['c', 'a']);
  expect(tooMany(given, 4)).toEqual([]);
});
