/** The service scheduler's times and sizes. Tests and simulations hand in their own. */
export interface SchedulerSettings {
  /** Without health checks a task counts as healthy when it has been RUNNING for so long. */
  readonly minimumRunningMs: number;
  /** A task that ends by itself sooner after its start is replaced after a pause. */
  readonly shortRunMs: number;
  /** The pause after the first failure; it doubles with each further one. */
  readonly leastRestartPauseMs: number;
  /** The longest pause after tasks that never reached RUNNING. */
  readonly mostStartPauseMs: number;
  /** The longest pause after tasks that ran, but not for `shortRunMs`. */
  readonly mostCrashPauseMs: number;
  /** The pause after the first launch that found no place; it doubles with each further one. */
  readonly leastPlacementPauseMs: number;
  readonly mostPlacementPauseMs: number;
  /** An event that says the same as one before is left out for so long, or until its cause has gone. */
  readonly eventRepeatMs: number;
  /** The alarms that a rollout is watched by are looked at as often. */
  readonly alarmPollMs: number;
  /** Tasks started, or stopped, in one transaction at most. */
  readonly maxBatch: number;
}

/** `minimumRunningMs`: see docs/decisions/0001-healthy-after.md. The 15 minutes and 6 hours are ECS's own. */
export const schedulerSettings: SchedulerSettings = {
  minimumRunningMs: 5_000,
  shortRunMs: 10_000,
  leastRestartPauseMs: 1_000,
  mostStartPauseMs: 15 * 60_000,
  mostCrashPauseMs: 10_000,
  leastPlacementPauseMs: 5_000,
  mostPlacementPauseMs: 5 * 60_000,
  eventRepeatMs: 6 * 3_600_000,
  alarmPollMs: 10_000,
  maxBatch: 100,
};

/** `leastMs`, doubled with each repetition after the first, up to `mostMs`. */
export function pauseMs(repetitions: number, leastMs: number, mostMs: number): number {
  return Math.min(mostMs, leastMs * 2 ** Math.min(repetitions - 1, 32));
}
