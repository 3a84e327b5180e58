import { done, type Outcome, type Reconciler, type RecordKey, watching } from '../../../reconcile/index.ts';
import { familyOfDaemon } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import {
  scopeOf,
  services,
  taskDefinitionIndexValue,
  taskDefinitions,
  taskDefinitionsOfService,
  tasks,
} from '../records.ts';

/**
 * Removes task definitions whose deletion was asked for, as soon as no task that isn't STOPPED and no service
 * has them. What holds one is watched too: its end brings the definition's key back here.
 */
export function taskDefinitionDeletion(ecs: EcsContext): Reconciler {
  return {
    name: 'task-definition-deletion',
    watches: [
      watching(taskDefinitions, ({ key, after }) => (after?.status === 'DELETE_IN_PROGRESS' ? [key] : [])),
      watching(tasks, ({ key, before, after }) => {
        const hasEnded = before?.lastStatus !== 'STOPPED' && (!after || after.lastStatus === 'STOPPED');
        return before && hasEnded ? [keyOfUsed(key, before.taskDefinition)] : [];
      }),
      watching(services, ({ key, before }) =>
        before ? taskDefinitionsOfService(before).map((used) => keyOfUsed(key, used)) : [],
      ),
    ],
    reconcile: (key) => removeIfUnused(ecs, key),
  };
}

async function removeIfUnused(ecs: EcsContext, key: string): Promise<Outcome> {
  await ecs.state.transact((tx) => {
    const [stored] = tx.list(taskDefinitions, key);
    const record = stored?.key === key ? tx.get(taskDefinitions, stored.key) : undefined;
    if (stored === undefined || record?.status !== 'DELETE_IN_PROGRESS') return;
    const value = taskDefinitionIndexValue(scopeOf(key), record);
    const users =
      tx.countByIndex(tasks, 'unstoppedByTaskDefinition', value) +
      tx.countByIndex(services, 'byTaskDefinition', value);
    if (users > 0) return;
    // A daemon's is shown DELETED; there is no other way to be INACTIVE for it.
    if (familyOfDaemon(record.family) === undefined) tx.delete(taskDefinitions, stored.key);
    else tx.put(taskDefinitions, stored.key, { ...record, status: 'INACTIVE' });
  });
  return done;
}

/** The key of the definition that a task or service has: of the same account and region as its own key. */
function keyOfUsed(
  userKey: RecordKey,
  { family, revision }: { readonly family: string; readonly revision: number },
): string {
  return `/ecs/${scopeOf(userKey)}/task-definition/${family}/${String(revision).padStart(9, '0')}`;
}
