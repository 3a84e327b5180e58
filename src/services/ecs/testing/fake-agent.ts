import {
  again,
  done,
  type Outcome,
  type Reconciler,
  type RecordKey,
  watching,
} from '../../../reconcile/index.ts';
import type { EcsContext } from '../context.ts';
import { given } from '../given.ts';
import { type NetworkBindingRecord, type TaskRecord, tasks, wantedOfAgent } from '../records.ts';
import type { TaskReport } from '../task-report.ts';
import { agentStopsTask, applyTaskReport } from '../task-state.ts';
import { isBefore } from '../task-statuses.ts';

export interface FakeAgentOptions {
  /** From launch to RUNNING, or to the end of those that can't start. */
  readonly startMs?: number;
  /** From being asked to stop to STOPPED. */
  readonly stopMs?: number;
  /** Tasks that never reach RUNNING. */
  readonly cannotStart?: (task: TaskRecord) => boolean;
  /** What a task without an interface of its own publishes as it starts. */
  readonly bindingsOf?: (task: TaskRecord) => readonly NetworkBindingRecord[];
  /** Of every image. */
  readonly imageDigest?: string;
}

/** Agents of all instances at once: they start and stop what they are told, and report it as the real one does. */
export function fakeAgent(
  ecs: EcsContext,
  {
    startMs = 1_000,
    stopMs = 2_000,
    cannotStart = () => false,
    bindingsOf = () => [],
    imageDigest,
  }: FakeAgentOptions = {},
): Reconciler {
  const report = (key: RecordKey, report: TaskReport) =>
    ecs.state.transact((tx) => applyTaskReport(tx, key, report, ecs.clock.now()));
  const reconcile = async (key: RecordKey): Promise<Outcome> => {
    const now = ecs.clock.now();
    const task = ecs.state.get(tasks, key);
    if (task === undefined || task.lastStatus === 'STOPPED') return done;
    if (wantedOfAgent(task) === 'STOPPED') {
      if (task.stoppingAt === undefined) await ecs.state.transact((tx) => agentStopsTask(tx, key, now));
      const endsAt = (task.stoppingAt ?? now) + stopMs;
      if (endsAt > now) return again(endsAt - now);
      await report(key, {
        status: 'STOPPED',
        containers: [{ name: 'app', status: 'STOPPED', exitCode: 137 }],
      });
      return done;
    }
    if (!isBefore(task.lastStatus, 'ACTIVATING')) return done;
    const startsAt = task.createdAt + startMs;
    if (startsAt > now) return again(startsAt - now);
    await report(
      key,
      cannotStart(task)
        ? { status: 'STOPPED', reason: 'CannotPullContainerError: no such image', containers: [] }
        : {
            status: 'RUNNING',
            containers: [
              {
                ...({ name: 'app', status: 'RUNNING', runtimeId: task.id } as const),
                networkBindings: bindingsOf(task),
                ...given('imageDigest', imageDigest),
              },
            ],
          },
    );
    return done;
  };
  return {
    name: 'fake-agent',
    watches: [watching(tasks, ({ key, after }) => (after === undefined ? [] : [key]))],
    reconcile: (key) => reconcile(key as RecordKey),
  };
}
