import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { type TaskDefinitionRecord, taskDefinitionFamilies, taskDefinitions } from '../records.ts';
import { familyKey, taskDefinitionKey } from '../task-definition-lookup.ts';

/** If it was the latest ACTIVE revision of its family, the next lower ACTIVE one is that from now on. */
export function forgetActiveRevision(
  tx: Transaction,
  call: Call,
  { family, revision }: TaskDefinitionRecord,
): void {
  const record = tx.get(taskDefinitionFamilies, familyKey(call, family));
  if (record?.latestActiveRevision !== revision) return;
  const { latestActiveRevision: _forgotten, ...rest } = record;
  let lower = revision - 1;
  while (lower > 0 && tx.get(taskDefinitions, taskDefinitionKey(call, family, lower))?.status !== 'ACTIVE')
    lower -= 1;
  tx.put(
    taskDefinitionFamilies,
    familyKey(call, family),
    lower > 0 ? { ...rest, latestActiveRevision: lower } : rest,
  );
}
