import {
  again,
  done,
  type Outcome,
  type Reconciler,
  type RecordKey,
  type Transaction,
  watching,
} from '../../../reconcile/index.ts';
import type { EcsContext } from '../context.ts';
import { containerInstances, runTaskTokens, tasks } from '../records.ts';

const hourMs = 3_600_000;
/** ECS shows stopped tasks for at least an hour. */
const taskRetentionMs = hourMs;
const tokenRetentionMs = 24 * hourMs;
/** So long, an agent that comes back is told that its instance was deregistered, rather than that it never was. */
const instanceRetentionMs = 24 * hourMs;

/** Forgets what is over: STOPPED tasks, clientTokens of RunTask, INACTIVE container instances. */
export function taskRetention(ecs: EcsContext): Reconciler {
  return {
    name: 'task-retention',
    watches: [
      watching(tasks, ({ key, after }) => (after?.lastStatus === 'STOPPED' ? [key] : [])),
      watching(runTaskTokens, ({ key, after }) => (after ? [key] : [])),
      watching(containerInstances, ({ key, after }) => (after?.status === 'INACTIVE' ? [key] : [])),
    ],
    reconcile: async (key): Promise<Outcome> => {
      const now = ecs.clock.now();
      const endsAt = await ecs.state.transact((tx) => {
        const expiring = expiryOf(tx, key as RecordKey);
        if (expiring !== undefined && expiring.endsAt <= now) expiring.forget();
        return expiring?.endsAt ?? now;
      });
      return endsAt > now ? again(endsAt - now) : done;
    },
  };
}

interface Expiring {
  /** Epoch milliseconds. */
  readonly endsAt: number;
  forget(): void;
}

/** When the record of this key may be forgotten; undefined when it isn't over, or gone already. */
function expiryOf(tx: Transaction, key: RecordKey): Expiring | undefined {
  const [, , , , noun] = key.split('/');
  switch (noun) {
    case tasks.noun: {
      const stoppedAt = tx.get(tasks, key)?.stoppedAt;
      return stoppedAt === undefined
        ? undefined
        : { endsAt: stoppedAt + taskRetentionMs, forget: () => tx.delete(tasks, key) };
    }
    case runTaskTokens.noun: {
      const createdAt = tx.get(runTaskTokens, key)?.createdAt;
      return createdAt === undefined
        ? undefined
        : { endsAt: createdAt + tokenRetentionMs, forget: () => tx.delete(runTaskTokens, key) };
    }
    case containerInstances.noun: {
      const instance = tx.get(containerInstances, key);
      return instance?.status !== 'INACTIVE'
        ? undefined
        : {
            endsAt: (instance.deregisteredAt ?? instance.registeredAt) + instanceRetentionMs,
            forget: () => tx.delete(containerInstances, key),
          };
    }
    default:
      return undefined;
  }
}
