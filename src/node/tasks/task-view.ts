import type { Container, Image } from '../../runtime/index.ts';
import type { BackOff } from '../back-off.ts';
import { given } from '../reading.ts';
import type { ContainerOutcome, ContainerProgress, TaskProgress } from '../state/task-record.ts';
import type { NetworkBinding, PlannedContainer, TaskPlan } from './plan.ts';
import type { ContainerView, Step, TaskView } from './task-machine.ts';

/** What is known of a container while the process lives. */
export interface ContainerMemory {
  readonly plan: PlannedContainer;
  readonly backOff: BackOff;
  observed?: Container;
  image?: Image;
  busy?: Step['type'];
  pull?: AbortController;
  isStale: boolean;
  /** Its output is being read by this process. */
  isShipping: boolean;
  /** A step failed in a way that may pass: nothing before then. Of the monotonic clock. */
  pausedUntilMs?: number;
}

/** The record and the engine's last word, as the state machine sees them. */
export function viewOf(
  plan: TaskPlan,
  progress: TaskProgress,
  memory: ReadonlyMap<string, ContainerMemory>,
  rest: {
    /** Adds to a time of the monotonic clock to make it one of dates, as those are now. */
    readonly clockOffsetMs: number;
    readonly sandbox: { state: 'absent' | 'ready' | 'removed'; isBusy: boolean; pausedUntilMs?: number };
    readonly isBlocked: boolean;
    readonly removeAtMs: number | undefined;
  },
): TaskView {
  const { sandbox, clockOffsetMs } = rest;
  const isReleased = progress.isReleased && sandbox.state !== 'removed';
  return given({
    desired: progress.desiredStatus,
    isBlocked: rest.isBlocked,
    hasFailed: progress.failure !== undefined,
    sandbox: given({
      state: isReleased ? ('released' as const) : sandbox.state,
      isBusy: sandbox.isBusy,
      notBeforeMs: asDate(sandbox.pausedUntilMs, clockOffsetMs),
    }),
    containers: Object.fromEntries(
      plan.containers.map((container) => [
        container.name,
        containerViewOf(
          container,
          progress.containers[container.name],
          memory.get(container.name),
          clockOffsetMs,
        ),
      ]),
    ),
    removeAtMs: rest.removeAtMs,
  });
}

function containerViewOf(
  container: PlannedContainer,
  progress: ContainerProgress | undefined,
  memory: ContainerMemory | undefined,
  clockOffsetMs: number,
): ContainerView {
  const observed = memory?.observed;
  const status = observed?.status;
  const outcome = progress?.outcome;
  return given({
    state: outcome
      ? ('stopped' as const)
      : (status?.state ?? (memory?.image ? ('pulled' as const) : ('none' as const))),
    busy: memory?.busy,
    isStale: memory?.isStale ?? false,
    notBeforeMs: asDate(memory?.pausedUntilMs, clockOffsetMs),
    hasStarted: progress?.hasStarted ?? false,
    startedAtMs: status === undefined || status.state === 'created' ? undefined : status.startedAtMs,
    finishedAtMs: status?.state === 'exited' ? status.finishedAtMs : undefined,
    health: container.hasHealthCheck ? observed?.health?.status : undefined,
    exitCode: outcome ? outcome.exitCode : status?.state === 'exited' ? status.exitCode : undefined,
  });
}

const asDate = (monotonicMs: number | undefined, clockOffsetMs: number): number | undefined =>
  monotonicMs === undefined ? undefined : monotonicMs + clockOffsetMs;

/** How a container ended, by the engine's word; one that never ran has no exit code. */
export function outcomeOf(observed: Container | undefined, nowMs: number): ContainerOutcome {
  const status = observed?.status;
  if (status?.state !== 'exited') return { finishedAtMs: nowMs };
  const { exitCode, finishedAtMs, error, wasOutOfMemory } = status;
  if (wasOutOfMemory) {
    return { finishedAtMs, exitCode, reason: 'OutOfMemoryError: Container killed due to memory usage' };
  }
  if (status.startedAtMs === undefined && error) {
    return { finishedAtMs, reason: `CannotStartContainerError: ${error}` };
  }
  return { finishedAtMs, exitCode };
}

export function bindingsOf(container: PlannedContainer, observed: Container): readonly NetworkBinding[] {
  if (container.spec.network.mode === 'host') return container.hostPorts;
  // IPv6 bindings of the same port are left out, as the official agent does by default.
  return observed.ports
    .filter((port) => !port.hostIp.includes(':'))
    .map(({ hostIp, containerPort, hostPort, protocol }) => ({
      bindIP: hostIp,
      containerPort,
      hostPort,
      protocol,
    }));
}
