import { again, done, type Reconciler, type RecordKey, watching } from '../../reconcile/index.ts';
import type { KubernetesContext } from '../context.ts';
import { type KubernetesObject, memberOf, objectsIn, textOf } from '../objects/object.ts';
import { objectRecords } from '../objects/object-records.ts';

const eventRecords = objectRecords('events');

/** As upstream's API server keeps them unless it is told otherwise (`--event-ttl`). */
const lifetimeMs = 60 * 60_000;

/** Takes events away an hour after they were last told: nobody else deletes them, and every pod has some. */
export function expiredEvents({
  state,
  store,
  clock,
}: Pick<KubernetesContext, 'clock' | 'state' | 'store'>): Reconciler {
  return {
    name: 'kubernetes-expired-events',
    watches: [watching(eventRecords, ({ key, after }) => (after === undefined ? [] : [key]))],
    reconcile: async (key) => {
      const known = state.get(eventRecords, key as RecordKey);
      if (known === undefined) return done;
      const wait = lastTold(known, clock.now()) + lifetimeMs - clock.now();
      if (wait > 0) return again(wait);
      const present = await store.get(key);
      if (present === undefined) return done;
      // Where it has been told once more since, that asks for this again.
      if (lastTold(present.value as unknown as KubernetesObject, clock.now()) + lifetimeMs <= clock.now())
        await store.commit([{ key, revision: present.revision }], [{ type: 'delete', key }]);
      return done;
    },
  };
}

/** Milliseconds since the epoch. What a client says of the future does not count. */
function lastTold(event: KubernetesObject, now: number): number {
  const { metadata } = event;
  const told = [
    textOf(metadata, 'creationTimestamp'),
    ...objectsIn(metadata, 'managedFields').map((entry) => textOf(entry, 'time')),
    ...[textOf(event, 'lastTimestamp'), textOf(event, 'eventTime')],
    textOf(memberOf(event, 'series'), 'lastObservedTime'),
  ];
  return Math.max(0, ...told.map((text) => Date.parse(text)).filter((at) => at <= now));
}
