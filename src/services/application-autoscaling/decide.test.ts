import { expect, it } from 'vitest';
import { type Ask, decide, type PolicyCall, type Situation } from './decide.ts';

const now = 1_000_000;

const call = (policyName: string, ask: Ask): PolicyCall => ({
  ...{ policyName, alarmName: `${policyName}-alarm`, state: 'ALARM', cooldownMs: 300_000, ask },
});
/** Above a target of 50. */
const above = (value: number, name = 'cpu') => call(name, { type: 'track-out', targetValue: 50, value });
const below = (peak: number, name = 'cpu') => call(name, { type: 'track-in', targetValue: 50, peak });
const step = (adjustment: number, name = 'steps') =>
  call(name, {
    ...{ type: 'step', breach: 1, breachesBelow: false },
    policy: { type: 'StepScaling', adjustmentType: 'ChangeInCapacity', steps: [{ lower: 0, adjustment }] },
  });

const suspended = { dynamicScalingIn: false, dynamicScalingOut: false, scheduledScaling: false };
const of = (calls: readonly PolicyCall[], bent: Partial<Situation> = {}): Situation => ({
  ...{
    now,
    current: 4,
    minCapacity: 1,
    maxCapacity: 20,
    isDeploying: false,
    suspended,
    allTrackIn: true,
    calls,
  },
  ...bent,
});
const cooling = (direction: 'out' | 'in', base = 4) => ({ cooldown: { direction, base, endsAt: now + 1 } });

/** `8 by cpu`, `AlreadyAtMaxCapacity by cpu` or `nothing`. */
function told(situation: Situation): string {
  const decision = decide(situation);
  if (decision.type === 'nothing') return 'nothing';
  return `${decision.type === 'scale' ? decision.to : decision.reason.code} by ${decision.call.policyName}`;
}

it.each<[string, Situation, string]>([
  ['nobody calls', of([]), 'nothing'],
  ['in proportion to the metric', of([above(100)]), '8 by cpu'],
  ['rounded up', of([above(51)]), '5 by cpu'],
  ['as far as the maximum', of([above(500)]), '20 by cpu'],
  ['not beyond the maximum', of([above(100)], { current: 20 }), 'AlreadyAtMaxCapacity by cpu'],
  ['first to the minimum', of([above(100)], { current: 1, minCapacity: 3 }), '3 by cpu'],
  [
    'from zero nothing is proportional',
    of([above(100)], { current: 0, minCapacity: 0 }),
    'AlreadyAtDesiredCapacity by cpu',
  ],
  ['steps lead out of zero', of([step(2)], { current: 0, minCapacity: 0 }), '2 by steps'],
  ['no more than the target any more', of([above(50)]), 'nothing'],
  ['a tenth at a time', of([below(0)], { current: 40, maxCapacity: 50 }), '36 by cpu'],
  ['one at least', of([below(1)]), '3 by cpu'],
  ['not so far that it comes back', of([below(44)]), 'AlreadyAtDesiredCapacity by cpu'],
  ['as far as the minimum', of([below(0)], { current: 1 }), 'AlreadyAtMinCapacity by cpu'],
  [
    'below the minimum it stays',
    of([below(0)], { current: 1, minCapacity: 3 }),
    'AlreadyAtMinCapacity by cpu',
  ],
  ['above the maximum it comes back to it', of([below(0)], { current: 30 }), '20 by cpu'],
  [
    'one that does not know holds the others',
    of([below(Number.POSITIVE_INFINITY), below(0, 'b')]),
    'AlreadyAtDesiredCapacity by cpu',
  ],
  ['in only if all are low', of([below(0)], { allTrackIn: false }), 'nothing'],
  ['the largest of several', of([above(60), above(90, 'memory'), step(1)]), '8 by memory'],
  ['out goes before in', of([below(0), step(1)]), '5 by steps'],
  [
    'one at the maximum holds the others',
    of([above(90), step(-1)], { current: 20 }),
    'AlreadyAtMaxCapacity by cpu',
  ],
  ['the smallest step in', of([below(0), step(-3)]), '3 by cpu'],
  [
    'while out cools down: what was added counts',
    of([step(3)], { current: 6, ...cooling('out') }),
    '7 by steps',
  ],
  ['while out cools down: enough was added', of([step(2)], { current: 6, ...cooling('out') }), 'nothing'],
  [
    'while out cools down: the metric of fewer',
    of([above(60)], { current: 6, ...cooling('out') }),
    'nothing',
  ],
  [
    'while out cools down: worse than before',
    of([above(100)], { current: 6, ...cooling('out') }),
    '8 by cpu',
  ],
  ['while in cools down: not further in', of([below(0)], cooling('in')), 'nothing'],
  ['while in cools down: out at once', of([step(1)], cooling('in', 9)), '5 by steps'],
  ['cooled down', of([step(2)], { cooldown: { direction: 'out', base: 1, endsAt: now } }), '6 by steps'],
  [
    'not in during a deployment',
    of([below(0)], { isDeploying: true }),
    'TargetServicePutResourceAsUnscalable by cpu',
  ],
  ['out during a deployment', of([above(100)], { isDeploying: true }), '8 by cpu'],
  [
    'out is suspended',
    of([above(100), below(0, 'b')], { suspended: { ...suspended, dynamicScalingOut: true } }),
    '3 by b',
  ],
  ['in is suspended', of([below(0)], { suspended: { ...suspended, dynamicScalingIn: true } }), 'nothing'],
])('%s', (_, situation, expected) => {
  expect(told(situation)).toBe(expected);
});

it('begins to cool down, from what there was before', () => {
  const out = decide(of([above(100)]));
  expect(out).toMatchObject({ cooldown: { direction: 'out', base: 4, endsAt: now + 300_000 } });
  const more = decide(of([above(100)], { current: 6, ...cooling('out') }));
  expect(more).toMatchObject({ to: 8, cooldown: { direction: 'out', base: 4, endsAt: now + 300_000 } });
  expect(decide(of([below(0)]))).toMatchObject({ cooldown: { direction: 'in' } });
});
