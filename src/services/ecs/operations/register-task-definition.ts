import type { RegisterTaskDefinitionCommandInput, RegisterTaskDefinitionResponse } from '@aws-sdk/client-ecs';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { EcsContext } from '../context.ts';
import { clientError, invalidParameter } from '../errors.ts';
import {
  type StoredTaskDefinition,
  type TaskDefinitionRecord,
  taskDefinitionFamilies,
  taskDefinitions,
} from '../records.ts';
import { validateTags } from '../tags.ts';
import { compatibilitiesOf } from '../task-definition/launch-types.ts';
import { normaliseTaskDefinition } from '../task-definition/normalisation.ts';
import { requiredAttributes } from '../task-definition/requires-attributes.ts';
import { validateTaskDefinition } from '../task-definition/task-definition-validation.ts';
import { familyKey, taskDefinitionKey } from '../task-definition-lookup.ts';
import { taskDefinitionView } from '../task-definition-view.ts';

const maxBytes = 64 * 1024;
const maxRevisions = 1_000_000;

/** Makes the family's next revision. Numbers are never used again, not even after deletion. */
export async function registerTaskDefinition(
  ecs: EcsContext,
  input: RegisterTaskDefinitionCommandInput,
  call: Call,
): Promise<RegisterTaskDefinitionResponse> {
  if (input.tags?.length === 0) throw invalidParameter('Tags can not be empty.');
  const tags = validateTags(input.tags);
  const definition = readTaskDefinition(input);
  const registered = await ecs.state.transact((tx) => putNextRevision(tx, call, definition, tags));
  return {
    taskDefinition: taskDefinitionView(call, registered),
    ...(tags.length > 0 && { tags }),
  };
}

/** @throws ClientException the family has no room for another one. */
export function putNextRevision(
  tx: Transaction,
  call: Call,
  definition: StoredTaskDefinition,
  tags: TaskDefinitionRecord['tags'],
): TaskDefinitionRecord {
  const { family } = definition;
  const known = tx.get(taskDefinitionFamilies, familyKey(call, family));
  const revision = (known?.lastRevision ?? 0) + 1;
  if (revision > maxRevisions)
    throw clientError(`Family ${family} has reached the limit of ${maxRevisions} revisions.`);
  const record: TaskDefinitionRecord = {
    family,
    revision,
    status: 'ACTIVE',
    registeredAt: call.now,
    registeredBy: call.principal.arn,
    definition,
    tags,
  };
  tx.put(taskDefinitions, taskDefinitionKey(call, family, revision), record);
  tx.put(taskDefinitionFamilies, familyKey(call, family), {
    family,
    lastRevision: revision,
    latestActiveRevision: revision,
  });
  return record;
}

/** @throws ClientException, InvalidParameterException: see `validateTaskDefinition`. */
export function readTaskDefinition(input: RegisterTaskDefinitionCommandInput): StoredTaskDefinition {
  const definition = normaliseTaskDefinition(input);
  const json = JSON.stringify(definition);
  const bytes = Buffer.byteLength(json);
  if (bytes > maxBytes)
    throw clientError(`Actual length: '${bytes}'. Max allowed length is '${maxBytes}' bytes.`);
  validateTaskDefinition(definition);
  // Through JSON, so that what is stored is what was measured: no member without a value, nothing shared.
  const stored: StoredTaskDefinition = JSON.parse(json);
  return {
    ...stored,
    requiresAttributes: requiredAttributes(stored),
    compatibilities: compatibilitiesOf(stored),
  };
}
