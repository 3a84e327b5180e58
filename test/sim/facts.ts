import type { ContainerSpec } from '../../src/runtime/index.ts';
import { taskOf } from './machine.ts';

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
  /** Tasks asked for by each request, by its `startedBy`. */
  readonly #requested = new Map<string, number>();

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

  requested(startedBy: string, count: number): void {
    this.#requested.set(startedBy, count);
  }

  requestedCount(startedBy: string): number | undefined {
    return this.#requested.get(startedBy);
  }
}
