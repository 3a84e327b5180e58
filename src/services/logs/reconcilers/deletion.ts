import { again, done, type Reconciler, type RecordKey, watching } from '../../../reconcile/index.ts';
import type { LogsContext } from '../context.ts';
import { type DeletionRecord, deletions, logStreams } from '../records.ts';

const sliceEvents = 1_000;
const sliceStreams = 500;
const betweenSlicesMs = 10;

/** Keeps the promise of DeleteLogGroup and DeleteLogStream: events go in slices, then the promise itself. */
export function deletion({ state, events }: LogsContext): Reconciler {
  return {
    name: 'log-deletion',
    watches: [watching<DeletionRecord>(deletions, ({ key, after }) => (after === undefined ? [] : [key]))],
    concurrency: 1,
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      const record = state.get(deletions, key);
      if (record === undefined) return done;
      const { groupId, streamId } = record;
      if (streamId !== undefined) {
        const deleted = await events.deleteStream({ groupId, streamId }, sliceEvents);
        if (deleted === sliceEvents) return again(betweenSlicesMs);
      } else {
        if (await deleteStreamRecords(key, groupId)) return again(betweenSlicesMs);
        const deleted = await events.deleteGroup(groupId, sliceEvents);
        if (deleted === sliceEvents) return again(betweenSlicesMs);
      }
      await state.transact((tx) => tx.delete(deletions, key));
      return done;
    },
  };

  /** Deletes a slice of a deleted group's stream records. @returns whether there may be more. */
  async function deleteStreamRecords(key: RecordKey, groupId: string): Promise<boolean> {
    // `/logs/<account>/<region>/deletion/<group id>`
    const [, , accountId, region] = key.split('/');
    const prefix = `/logs/${accountId}/${region}/log-stream/${groupId}/`;
    const slice: RecordKey[] = [];
    for (const stream of state.list(logStreams, prefix)) {
      slice.push(stream.key);
      if (slice.length === sliceStreams) break;
    }
    if (slice.length === 0) return false;
    await state.transact((tx) => {
      for (const stream of slice) tx.delete(logStreams, stream);
    });
    return true;
  }
}
