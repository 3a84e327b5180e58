import {
  again,
  done,
  type Outcome,
  type Reader,
  type Reconciler,
  type RecordKey,
  recordKey,
  type Stored,
  type Transaction,
  watching,
} from '../../../reconcile/index.ts';
import { watchingTargets } from '../../elbv2/index.ts';
import { Movements } from '../activation/movements.ts';
import { isDraining } from '../activation/registration.ts';
import { scopeOfKey } from '../arn.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { tellService } from '../deployment/tell-service.ts';
import { services, type TaskRecord, targetIndexValue, tasks } from '../records.ts';
import { noticeLeftMs } from '../task-end.ts';
import { deactivateTask, endActivation } from '../task-state.ts';

/** Tasks in one transaction at most. */
const maxTogether = 100;

/**
 * Registers a service's tasks whose containers run where others look for them, and takes those away that are to stop,
 * before their containers hear of it. A key of work is the key of a service's record.
 */
export function taskActivation(ecs: EcsContext): Reconciler {
  return {
    name: 'task-activation',
    watches: [
      watching(tasks, ({ key, after }) =>
        after?.lastStatus === 'ACTIVATING' || after?.lastStatus === 'DEACTIVATING'
          ? servicesOf(key, after)
          : [],
      ),
      // Targets that drained are gone.
      ...watchingTargets(ecs.state, ({ accountId, region }, { targetGroupArn, target }) =>
        ecs.state
          .byIndex(tasks, 'byTarget', targetIndexValue(`${accountId}/${region}`, targetGroupArn, target))
          .flatMap(({ key, value }) => (value.lastStatus === 'DEACTIVATING' ? servicesOf(key, value) : [])),
      ),
    ],
    reconcile: (key) => reconcileService(ecs, key as RecordKey),
  };
}

function servicesOf(key: RecordKey, { cluster, service }: TaskRecord): readonly string[] {
  const { accountId, region } = scopeOfKey(key);
  return service === undefined ? [] : [recordKey(services, accountId, region, cluster, service.name)];
}

async function reconcileService(ecs: EcsContext, key: RecordKey): Promise<Outcome> {
  const scope = scopeOfKey(key);
  const [cluster = '', name = ''] = key.split('/').slice(-2);
  const within = `${scope.accountId}/${scope.region}/${cluster}/${name}`;
  if (waiting(ecs.state, within).length === 0) return done;
  // All of a service's tasks write the same few records of its registry.
  await transactInTurn(ecs, scope, cluster, (tx) => {
    const now = ecs.clock.now();
    const movements = new Movements();
    const due = waiting(tx, within).filter((task) => isDue(tx, task, now));
    for (const task of due.slice(0, maxTogether)) move(tx, task, movements, now);
    tellService(tx, ecs, key, movements.events());
  });
  const now = ecs.clock.now();
  const left = waiting(ecs.state, within);
  if (left.some((task) => isDue(ecs.state, task, now))) return again(0);
  const noticesMs = left.map(({ value }) => noticeLeftMs(value, now)).filter((leftMs) => leftMs > 0);
  return noticesMs.length > 0 ? again(Math.min(...noticesMs)) : done;
}

function move(
  tx: Transaction,
  { key, value: before }: Stored<TaskRecord>,
  movements: Movements,
  now: number,
): void {
  if (before.lastStatus === 'ACTIVATING') endActivation(tx, key, now);
  else deactivateTask(tx, key, now);
  movements.note(before, tx.get(tasks, key));
}

const waiting = (reader: Reader, within: string): readonly Stored<TaskRecord>[] =>
  reader.byIndex(tasks, 'beingActivated', within);

/** There is something to do for it: it doesn't drain, and nobody comes to it any more. */
function isDue(reader: Reader, { key, value: task }: Stored<TaskRecord>, now: number): boolean {
  if (task.lastStatus === 'ACTIVATING') return task.desiredStatus === 'RUNNING';
  if (task.activation?.isRegistered) return true;
  return noticeLeftMs(task, now) === 0 && !isDraining(reader, key, task);
}
