import fc from 'fast-check';
import type { AlarmReading } from '../../cloudwatch/index.ts';
import type { CircuitBreakerRecord, DeploymentConfigurationRecord, EarlySuccessRecord } from '../records.ts';

type Strategy = Pick<
  DeploymentConfigurationRecord,
  'strategy' | 'linearConfiguration' | 'canaryConfiguration'
>;

export const strategies: readonly Strategy[] = [
  { strategy: 'ROLLING' },
  { strategy: 'BLUE_GREEN' },
  { strategy: 'LINEAR', linearConfiguration: { stepPercent: 37.5, stepBakeTimeInMinutes: 1 } },
  { strategy: 'CANARY', canaryConfiguration: { canaryPercent: 0.1, canaryBakeTimeInMinutes: 1 } },
];

/** What may happen to a service and its tasks. `which` picks a task among those it can happen to. */
export type Happening =
  | { readonly type: 'plan'; readonly stepsUntilKilled: number; readonly slots: number }
  | {
      readonly type:
        | 'run'
        | 'fail'
        | 'crash'
        | 'sicken'
        | 'heal'
        | 'userStop'
        | 'agentStop'
        | 'drain'
        | 'protect';
      readonly which: number;
    }
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'deploy' }
  | { readonly type: 'strategize'; readonly strategy: Strategy }
  | { readonly type: 'scale'; readonly desired: number }
  | { readonly type: 'configure'; readonly min: number; readonly max: number }
  | { readonly type: 'guard'; readonly breaker: CircuitBreakerRecord }
  | {
      readonly type: 'watch';
      readonly enable: boolean;
      readonly bakeTimeInMinutes: number;
      readonly early: EarlySuccessRecord;
    }
  | { readonly type: 'alarm'; readonly name: string; readonly state: AlarmReading['state'] }
  | { readonly type: 'request'; readonly what: 'ROLLBACK_REQUESTED' | 'STOP_REQUESTED' }
  | { readonly type: 'delete' };

export const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('plan' as const),
      // Mostly all of them.
      stepsUntilKilled: fc.oneof(fc.constant(99), fc.integer({ min: 0, max: 3 })),
      slots: fc.oneof(fc.constant(99), fc.integer({ min: 0, max: 4 })),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constantFrom(
        ...([
          'run',
          'run',
          'run',
          'fail',
          'crash',
          'sicken',
          'heal',
          'userStop',
          'agentStop',
          'drain',
          'protect',
        ] as const),
      ),
      which: fc.nat(20),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'deploy' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('strategize' as const),
      strategy: fc.constantFrom(...strategies),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('scale' as const), desired: fc.nat(6) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('configure' as const),
      min: fc.constantFrom(0, 34, 50, 75, 100),
      max: fc.constantFrom(100, 125, 150, 200),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('guard' as const),
      breaker: fc.record({
        enable: fc.boolean(),
        rollback: fc.boolean(),
        resetOnHealthyTask: fc.boolean(),
        thresholdConfiguration: fc.oneof(
          fc.record({ type: fc.constant('COUNT' as const), value: fc.integer({ min: 1, max: 3 }) }),
          fc.record({
            type: fc.constantFrom('BOUNDED_PERCENT' as const, 'UNBOUNDED_PERCENT' as const),
            value: fc.integer({ min: 1, max: 100 }),
          }),
        ),
      }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('watch' as const),
      enable: fc.boolean(),
      bakeTimeInMinutes: fc.constantFrom(0, 0, 1),
      early: fc.oneof(
        fc.constant({ enable: false as const }),
        fc.record({
          enable: fc.constant(true as const),
          healthyPercent: fc.integer({ min: 0, max: 100 }),
          sourceServiceRevisionCleanup: fc.constantFrom('BLOCKING' as const, 'DEFERRED' as const),
        }),
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('alarm' as const),
      name: fc.constantFrom('slow', 'failing'),
      state: fc.constantFrom('OK' as const, 'ALARM' as const, 'INSUFFICIENT_DATA' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('request' as const),
      what: fc.constantFrom('ROLLBACK_REQUESTED' as const, 'STOP_REQUESTED' as const),
    }),
  },
);
