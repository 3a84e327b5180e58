import { again, done, type Reconciler, type RecordKey, watching } from '../../../reconcile/index.ts';
import { expiryOf, type LogsContext } from '../context.ts';
import { type LogGroupRecord, logGroups } from '../records.ts';

/** How often a group with a retention time is looked at. Reads leave expired events out at once; this frees the space. */
const lookEveryMs = 60 * 60 * 1000;
/** A slice holds the event store for a few milliseconds. */
const sliceEvents = 1_000;
const betweenSlicesMs = 10;

/** Deletes what has outlived its group's retention time, in slices. */
export function retention({ state, events, clock }: LogsContext): Reconciler {
  return {
    name: 'log-retention',
    watches: [watching<LogGroupRecord>(logGroups, ({ key }) => [key])],
    concurrency: 1,
    reconcile: async (key) => {
      const group = state.get(logGroups, key as RecordKey);
      if (group?.retentionInDays === undefined) return done;
      const deleted = await events.deleteBefore(group.id, expiryOf(group, clock.now()), sliceEvents);
      return again(deleted === sliceEvents ? betweenSlicesMs : lookEveryMs);
    },
  };
}
