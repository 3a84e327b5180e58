import { expect, it } from 'vitest';
import { timestamp } from '../../objects/object.ts';
import type { Taint, Toleration } from '../node-fit.ts';
import { start } from '../testing/builders.ts';
import { type Fate, fateOf } from './plan.ts';

const taint = (key: string, timeAdded?: number): Taint => ({
  ...{ key, effect: 'NoExecute' },
  ...(timeAdded !== undefined && { timeAdded: timestamp(timeAdded) }),
});
const tolerates = (key: string, tolerationSeconds?: number): Toleration => ({
  ...{ key, operator: 'Exists', effect: 'NoExecute' },
  ...(tolerationSeconds !== undefined && { tolerationSeconds }),
});

it.each<readonly [string, readonly Taint[], readonly Toleration[], Fate]>([
  ['no taint', [], [], { type: 'stays' }],
  ['a taint that evicts nobody', [{ key: 'a', effect: 'NoSchedule' }], [], { type: 'stays' }],
  ['a taint it does not stand', [taint('a')], [tolerates('b')], { type: 'goes', at: start, since: start }],
  ['one that it stands for ever', [taint('a')], [tolerates('a')], { type: 'stays' }],
  [
    'one of two that it does not stand',
    [taint('a'), taint('b')],
    [tolerates('a')],
    { type: 'goes', at: start, since: start },
  ],
  [
    'one that it stands for some time',
    ...([[taint('a')], [tolerates('a', 300)]] as const),
    { type: 'goes', at: start + 300_000, since: start },
  ],
  [
    'several: the shortest time',
    ...([
      [taint('a'), taint('b'), taint('c')],
      [tolerates('a', 30), tolerates('b', 5), tolerates('c')],
    ] as const),
    { type: 'goes', at: start + 5_000, since: start },
  ],
  [
    'one that was added a while ago',
    ...([[taint('a', start - 10_000)], [tolerates('a', 30)]] as const),
    { type: 'goes', at: start + 20_000, since: start - 10_000 },
  ],
  [
    'one from before it came',
    ...([[taint('a', start - 600_000)], [tolerates('a', 30)]] as const),
    { type: 'goes', at: start - 30_000, since: start - 60_000 },
  ],
  ['a time that is none', [taint('a')], [tolerates('a', -1)], { type: 'goes', at: start, since: start }],
])('a pod on a node with %s', (_, taints, tolerations, fate) => {
  const given = { known: undefined, boundAt: start - 60_000, now: start };
  expect(fateOf(taints, tolerations, given)).toEqual(fate);
});

it('goes on counting when one taint takes the place of another', () => {
  const given = { known: start - 20_000, boundAt: start - 60_000, now: start };
  expect(fateOf([taint('b', start)], [tolerates('b', 30)], given)).toMatchObject({ at: start + 10_000 });
});
