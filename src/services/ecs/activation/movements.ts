import { eventMessages } from '../deployment/service-events.ts';
import type { ServiceEvent } from '../deployment/tell-service.ts';
import { type TaskRecord, targetsOf } from '../records.ts';

/** What of a service's tasks came to load balancers and went from them in one go, and how ECS says so. */
export class Movements {
  readonly #registered = new Map<string, number>();
  readonly #deregistered = new Map<string, number>();
  /** By deployment. */
  readonly #draining = new Map<string, number>();

  /** A task before and after. */
  note(before: TaskRecord, after: TaskRecord | undefined): void {
    const was = before.activation?.isRegistered ?? false;
    const is = after?.activation?.isRegistered ?? false;
    if (was === is) return;
    // On its container instance it has targets from its registration on.
    for (const { targetGroupArn } of targetsOf(after !== undefined && is ? after : before))
      count(is ? this.#registered : this.#deregistered, targetGroupArn);
    if (was && after?.lastStatus === 'DEACTIVATING')
      count(this.#draining, before.service?.deploymentId ?? '');
  }

  /** In the order in which it happened. */
  events(): readonly ServiceEvent[] {
    return [
      ...[...this.#registered].map(([arn, targets]) => ({ message: eventMessages.registered(targets, arn) })),
      ...[...this.#draining].map(([taskSet, tasks]) => ({
        ...{ taskSet, message: eventMessages.drains(tasks) },
      })),
      ...[...this.#deregistered].map(([arn, targets]) => ({
        message: eventMessages.deregistered(targets, arn),
      })),
    ];
  }
}

function count(counts: Map<string, number>, of: string): void {
  counts.set(of, (counts.get(of) ?? 0) + 1);
}
