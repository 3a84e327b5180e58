/**
 * Amazon EventBridge: the bus `default`, its rules, and log groups as their targets. The one idea to know: nobody
 * publishes the events of services; they are made of the records that were committed (`tap.ts`), each change
 * exactly once, into a bounded log (`log/`) that people, rules and `./catamaran events` read.
 *
 * Refused by name: other buses, schedules, targets other than CloudWatch Logs log groups, input transformers,
 * archives and replays, API destinations, partner sources.
 */
import type { Log } from '../../log.ts';
import type { Store } from '../../store/index.ts';
import type { Service } from '../service.ts';
import type { EventsContext } from './context.ts';
import type { EventSource } from './source.ts';

export type { EventsContext } from './context.ts';
export type { Event, NewEvent } from './event.ts';
export { type EventLog, type LoggedEvent, MemoryEventLog, SqliteEventLog } from './log/index.ts';
export { type EventSource, eventSource, type SeenChange } from './source.ts';

export function createEventBridge(context: EventsContext): Service {
  return {
    signingName: 'events',
    loadSdk: () => import('@aws-sdk/client-eventbridge'),
    loadOperations: async () => (await import('./operations.ts')).eventBridgeOperations(context),
  };
}

/** Begins to make events of what is committed to the store, and to deliver them, until it is disposed of. */
export async function startEvents(
  context: EventsContext,
  {
    store,
    sources,
    log,
  }: { readonly store: Store; readonly sources: readonly EventSource[]; readonly log: Log },
): Promise<AsyncDisposable> {
  const [{ EventTap }, { Delivery }] = await Promise.all([import('./tap.ts'), import('./delivery.ts')]);
  const { eventLog, clock, random } = context;
  const tap = new EventTap({ store, log: eventLog, sources, clock, random, logger: log });
  await tap.start();
  const delivery = new Delivery(context);
  return {
    [Symbol.asyncDispose]: async () => {
      tap[Symbol.dispose]();
      await delivery[Symbol.asyncDispose]();
    },
  };
}
