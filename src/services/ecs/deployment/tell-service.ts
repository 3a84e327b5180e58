import { uuid } from '../../../clock/index.ts';
import type { RecordKey, Transaction } from '../../../reconcile/index.ts';
import type { EcsContext } from '../context.ts';
import { services } from '../records.ts';
import { tell } from './after-step.ts';
import { schedulerSettings } from './scheduler-settings.ts';

export interface ServiceEvent {
  readonly message: string;
  /** ECS's other name for the deployment that it is about, when it says it before the message. */
  readonly taskSet?: string;
}

/** Adds events to what a service says for people; one that is gone says nothing. */
export function tellService(
  tx: Transaction,
  ecs: Pick<EcsContext, 'clock' | 'random'>,
  key: RecordKey,
  events: readonly ServiceEvent[],
): void {
  const service = events.length === 0 ? undefined : tx.get(services, key);
  if (service === undefined) return;
  const teller = { now: ecs.clock.now(), settings: schedulerSettings, newEventId: () => uuid(ecs.random) };
  const told = events.reduce((record, { message, taskSet }) => {
    const serviceName = taskSet === undefined ? record.name : `${record.name}, taskSet ${taskSet}`;
    return tell(record, message, { ...teller, serviceName });
  }, service);
  tx.put(services, key, told);
}
