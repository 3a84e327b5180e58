import {
  again,
  done,
  type Outcome,
  type Reconciler,
  type RecordKey,
  type Transaction,
  watching,
} from '../../../reconcile/index.ts';
import { scopeOfKey } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { expressServiceKey, expressServices } from '../express/records.ts';
import { type ServiceRecord, services } from '../records.ts';

/** So long, a deleted service is described as INACTIVE; its name may be used again from the start. */
const retentionMs = 3_600_000;

/** Forgets services that have been INACTIVE for an hour. */
export function serviceRetention(ecs: EcsContext): Reconciler {
  return {
    name: 'service-retention',
    watches: [watching(services, ({ key, after }) => (after?.status === 'INACTIVE' ? [key] : []))],
    reconcile: async (key): Promise<Outcome> => {
      const now = ecs.clock.now();
      const endsAt = await ecs.state.transact((tx) => {
        const service = tx.get(services, key as RecordKey);
        if (service?.status !== 'INACTIVE') return now;
        const endsAt = (service.inactiveAt ?? service.createdAt) + retentionMs;
        if (endsAt > now) return endsAt;
        tx.delete(services, key as RecordKey);
        forgetExpress(tx, key, service);
        return endsAt;
      });
      return endsAt > now ? again(endsAt - now) : done;
    },
  };
}

/** What an Express service stood on is forgotten with it, unless something of it is still to go. */
function forgetExpress(tx: Transaction, key: string, { cluster, name }: ServiceRecord): void {
  const at = expressServiceKey(scopeOfKey(key), cluster, name);
  if (tx.get(expressServices, at)?.removedAt !== undefined) tx.delete(expressServices, at);
}
