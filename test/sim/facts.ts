import type { ContainerSpec } from '../../src/runtime/index.ts';
import type { Capacity } from './capacity-plan.ts';
import { taskOf } from './machine.ts';

/** What one RunTask or StartTask has asked for. */
export interface LaunchRequested {
  readonly count: number;
  readonly capacity: Capacity;
}

/**
 * What really happened on the machines and at the users' keyboards, as the world itself knows it: what the product
 * says is judged by this.
 */
export class Facts {
  /** How often each container was started, by task and container. */
  readonly #starts = new Map<string, number>();
  readonly #startedTasks = new Set<string>();
  /** Tasks of which a container was made to end, or could not be started. */
  readonly #ended = new Set<string>();
  /** Machines on which anything may have failed to start. */
  readonly #unreliable = new Set<string>();
  /** Tasks that a user asked to stop, whatever the answer. */
  readonly #stopRequests = new Set<string>();
  /** By its `startedBy`. */
  readonly #requested = new Map<string, LaunchRequested>();
  /** Spot tasks that somebody asked to interrupt, whatever the answer. */
  readonly #reclaimed = new Set<string>();
  #isAllReclaimed = false;

  /** @returns how often it has been started now. */
  started(spec: ContainerSpec): number {
    const task = taskOf(spec);
    const key = `${task} ${spec.labels['com.amazonaws.ecs.container-name'] ?? spec.name}`;
    const times = (this.#starts.get(key) ?? 0) + 1;
    this.#starts.set(key, times);
    this.#startedTasks.add(task);
    return times;
  }

  hasStarted(taskArn: string): boolean {
    return this.#startedTasks.has(taskArn);
  }

  ends(taskArn: string): void {
    this.#ended.add(taskArn);
  }

  hasReasonToEnd(taskArn: string): boolean {
    return this.#ended.has(taskArn);
  }

  becomesUnreliable(machine: string): void {
    this.#unreliable.add(machine);
  }

  isUnreliable(machine: string): boolean {
    return this.#unreliable.has(machine);
  }

  stopRequested(taskArn: string): void {
    this.#stopRequests.add(taskArn);
  }

  isStopRequested(taskArn: string): boolean {
    return this.#stopRequests.has(taskArn);
  }

  request(startedBy: string, what: LaunchRequested): void {
    this.#requested.set(startedBy, what);
  }

  requested(startedBy: string | undefined): LaunchRequested | undefined {
    return startedBy === undefined ? undefined : this.#requested.get(startedBy);
  }

  /** @param taskArn Undefined: all that there are when it comes to that. */
  reclaim(taskArn: string | undefined): void {
    if (taskArn === undefined) this.#isAllReclaimed = true;
    else this.#reclaimed.add(taskArn);
  }

  isSpotReclaimed(taskArn: string): boolean {
    return this.#isAllReclaimed || this.#reclaimed.has(taskArn);
  }
}
