import { type Reader, type RecordKey, recordKey } from '../../reconcile/index.ts';
import { isForeign, isName, type Scope, taskDefinitionId } from './arn.ts';
import { type TaskDefinitionRecord, taskDefinitionFamilies, taskDefinitions } from './records.ts';

export function taskDefinitionKey(scope: Scope, family: string, revision: number): RecordKey {
  // Nine digits, so that the order of keys is the order of revisions.
  const digits = String(revision).padStart(9, '0');
  return recordKey(taskDefinitions, scope.accountId, scope.region, family, digits);
}

export function familyKey(scope: Scope, family: string): RecordKey {
  return recordKey(taskDefinitionFamilies, scope.accountId, scope.region, family);
}

/**
 * The task definition that a parameter names: `family:revision` or its ARN in any status, a bare family its
 * latest ACTIVE revision. Undefined when there is none.
 * @throws InvalidParameterException the identifier is malformed.
 */
export function findTaskDefinition(
  reader: Reader,
  scope: Scope,
  identifier: string,
): TaskDefinitionRecord | undefined {
  const { family, revision } = taskDefinitionId(identifier);
  if (isForeign(identifier, scope)) return undefined;
  if (revision === undefined) return latestActiveRevision(reader, scope, family);
  if (!isName(family)) return undefined;
  return reader.get(taskDefinitions, taskDefinitionKey(scope, family, revision));
}

/** A family's ACTIVE revision with the highest number. */
export function latestActiveRevision(
  reader: Reader,
  scope: Scope,
  family: string,
): TaskDefinitionRecord | undefined {
  if (!isName(family)) return undefined;
  const latest = reader.get(taskDefinitionFamilies, familyKey(scope, family))?.latestActiveRevision;
  return latest === undefined
    ? undefined
    : reader.get(taskDefinitions, taskDefinitionKey(scope, family, latest));
}
