/**
 * Amazon CloudWatch Logs: groups, streams, events, filters, retention. The one idea to know: groups and streams
 * are records like any other, while events live in an event store of their own, under ids that die with their
 * group or stream; so deleting is instant and cleaning up is a reconciler's business.
 *
 * Refused by name: Insights queries, metric filters, subscriptions, deliveries, encryption with KMS, classes
 * other than STANDARD.
 */
import type { Reconciler } from '../../reconcile/index.ts';
import type { Service } from '../service.ts';
import type { LogsContext } from './context.ts';
import { deletion } from './reconcilers/deletion.ts';
import { retention } from './reconcilers/retention.ts';

export type { LogsContext } from './context.ts';
export { writeToLogGroup, writeToOwnLogGroup } from './delivery.ts';
export { type EventStore, MemoryEventStore, SqliteEventStore } from './events/index.ts';

export function createLogs(context: LogsContext): Service {
  return {
    signingName: 'logs',
    loadSdk: () => import('@aws-sdk/client-cloudwatch-logs'),
    loadOperations: async () => (await import('./operations.ts')).logsOperations(context),
  };
}

export function logsReconcilers(context: LogsContext): readonly Reconciler[] {
  return [retention(context), deletion(context)];
}
