import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Ask, decide, type PolicyCall, type Situation } from './decide.ts';
import { adjustmentTypes } from './records.ts';

const count = fc.integer({ min: 0, max: 60 });
const metric = fc.double({ min: 0, max: 500, noNaN: true });
const targetValue = fc.double({ min: 1, max: 100, noNaN: true });

const ask: fc.Arbitrary<Ask> = fc.oneof(
  fc.record({ type: fc.constant('track-out' as const), targetValue, value: metric }),
  fc.record({ type: fc.constant('track-in' as const), targetValue, peak: metric }),
  fc.record({
    type: fc.constant('step' as const),
    breach: fc.double({ min: -100, max: 100, noNaN: true }),
    breachesBelow: fc.boolean(),
    policy: fc.record({
      type: fc.constant('StepScaling' as const),
      adjustmentType: fc.constantFrom(...adjustmentTypes),
      steps: fc
        .tuple(fc.integer({ min: -150, max: 150 }), fc.integer({ min: -150, max: 150 }))
        .map(([low, high]) => [
          { upper: 0, adjustment: low },
          { lower: 0, adjustment: high },
        ]),
    }),
  }),
);

const calls: fc.Arbitrary<readonly PolicyCall[]> = fc
  .array(fc.record({ ask, cooldownMs: fc.nat(600_000) }), { maxLength: 5 })
  .map((asked) =>
    asked.map((each, index) => ({
      ...{ policyName: `p${index}`, alarmName: `a${index}`, state: 'ALARM', ...each },
    })),
  );

const situations: fc.Arbitrary<Situation> = fc
  .record({
    now: fc.constant(1_000_000),
    current: count,
    bounds: fc.tuple(count, count),
    isDeploying: fc.boolean(),
    allTrackIn: fc.boolean(),
    suspended: fc.record({
      dynamicScalingIn: fc.boolean(),
      dynamicScalingOut: fc.boolean(),
      scheduledScaling: fc.boolean(),
    }),
    cooldown: fc.option(
      fc.record({
        direction: fc.constantFrom('out' as const, 'in' as const),
        base: count,
        endsAt: fc.integer({ min: 999_000, max: 1_001_000 }),
      }),
      { nil: undefined },
    ),
    calls,
  })
  .map(({ bounds: [a, b], cooldown, ...rest }) => ({
    ...{ ...rest, minCapacity: Math.min(a, b), maxCapacity: Math.max(a, b) },
    ...(cooldown && { cooldown }),
  }));

const always = (holds: (situation: Situation) => void): void =>
  fc.assert(fc.property(situations, holds), { numRuns: 3_000 });

const after = (situation: Situation): number => {
  const decision = decide(situation);
  return decision.type === 'scale' ? decision.to : situation.current;
};

it('never scales to beyond the bounds, and never to a part of a task', () => {
  always((situation) => {
    const decision = decide(situation);
    if (decision.type !== 'scale') return;
    expect(decision.to).toBeGreaterThanOrEqual(situation.minCapacity);
    expect(decision.to).toBeLessThanOrEqual(situation.maxCapacity);
    expect(Number.isInteger(decision.to)).toBe(true);
    expect(decision.to).not.toBe(situation.current);
  });
});

it('never scales in what a deployment, a suspension or a cooldown holds', () => {
  always((situation) => {
    const { isDeploying, suspended, cooldown, now, current } = situation;
    const isCooling = cooldown?.direction === 'in' && now < cooldown.endsAt;
    if (isDeploying || suspended.dynamicScalingIn || isCooling)
      expect(after(situation)).toBeGreaterThanOrEqual(current);
    if (suspended.dynamicScalingOut) expect(after(situation)).toBeLessThanOrEqual(current);
  });
});

it('tracks in by policies only if all are low, and only so far that none is above its target', () => {
  always((situation) => {
    const { current } = situation;
    const tracking = situation.calls.filter(({ ask: { type } }) => type !== 'step');
    const to = after({ ...situation, calls: tracking });
    if (to >= current || current > situation.maxCapacity) return;
    expect(situation.allTrackIn).toBe(true);
    for (const { ask: each } of tracking) {
      if (each.type === 'track-in')
        expect(each.peak * current).toBeLessThanOrEqual(each.targetValue * (to + 1e-6));
      if (each.type === 'track-out' && !situation.suspended.dynamicScalingOut)
        expect(each.value).toBeLessThanOrEqual(each.targetValue);
    }
  });
});

it('gives no less with another policy that asks for more, and the same in any order', () => {
  always((situation) => {
    expect(after({ ...situation, calls: situation.calls.toReversed() })).toBe(after(situation));
    const [first, ...others] = situation.calls;
    if (first === undefined || others.length === 0) return;
    const alone = after({ ...situation, calls: [first] });
    if (alone > situation.current) expect(after(situation)).toBeGreaterThanOrEqual(alone);
  });
});

it('settles: asked the same again while it cools down, it stays', () => {
  always((situation) => {
    const decision = decide(situation);
    if (decision.type !== 'scale' || decision.call.cooldownMs === 0) return;
    const { to: current, cooldown } = decision;
    const again = { ...situation, calls: [decision.call], current, cooldown };
    // Out of the bounds it comes in two steps: first to the bound.
    if (situation.current < situation.minCapacity || situation.current > situation.maxCapacity) return;
    expect(after(again)).toBe(current);
  });
});
