import { type Json, jsonEqual } from '../../store/index.ts';
import { type JsonObject, type KubernetesObject, memberOf, timestamp } from '../objects/object.ts';
import { acceptedNames } from './accepted-names.ts';
import { conditionsOf, hasCondition } from './definition.ts';

interface Condition {
  readonly type: string;
  readonly status: 'False' | 'True';
  readonly reason: string;
  readonly message: string;
}

/** A definition with these conditions among its own. Only what turns from true to false or back has a new time. */
export function withConditions(
  definition: KubernetesObject,
  conditions: readonly Condition[],
  now: number,
  more: JsonObject = {},
): KubernetesObject {
  const present = conditionsOf(definition);
  const changed = conditions.map(({ type, status, reason, message }): JsonObject => {
    const before = present.find((it) => it.type === type);
    const since = before?.status === status ? before.lastTransitionTime : undefined;
    return { lastTransitionTime: since ?? timestamp(now), message, reason, status, type };
  });
  const kept = present.map((it) => changed.find(({ type }) => type === it.type) ?? it);
  const added = changed.filter(({ type }) => !present.some((it) => it.type === type));
  const status = { ...memberOf(definition, 'status'), conditions: [...kept, ...added], ...more };
  return jsonEqual(status, memberOf(definition, 'status')) ? definition : { ...definition, status };
}

/**
 * What a definition becomes once its names are judged: established with the first names that are all its own, which it
 * stays whatever it asks for later.
 * @param others The other definitions of the cluster.
 */
export function judged(
  definition: KubernetesObject,
  others: readonly KubernetesObject[],
  now: number,
): KubernetesObject {
  const { names, conflict } = acceptedNames(definition, others);
  const isEstablished = conflict === undefined || hasCondition(definition, 'Established');
  const conditions: Condition[] = [
    conflict === undefined
      ? condition('NamesAccepted', 'True', 'NoConflicts', 'no conflicts found')
      : condition('NamesAccepted', 'False', conflict.reason, conflict.message),
    isEstablished
      ? condition('Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted')
      : condition('Established', 'False', 'NotAccepted', 'not all names are accepted'),
    ...approval(definition),
  ];
  return withConditions(definition, conditions, now, { acceptedNames: names as Json });
}

const condition = (type: string, status: Condition['status'], reason: string, message: string) => ({
  ...{ type, status, reason, message },
});

export const approvalAnnotation = 'api-approved.kubernetes.io';

/** Groups that are Kubernetes' own: whoever defines kinds there says who has approved of it. */
export const isProtectedGroup = (group: string): boolean => /(^|\.)(k8s|kubernetes)\.io$/.test(group);

function approval(definition: KubernetesObject): readonly Condition[] {
  const { group } = memberOf(definition, 'spec');
  if (typeof group !== 'string' || !isProtectedGroup(group)) return [];
  const type = 'KubernetesAPIApprovalPolicyConformant';
  const approved = definition.metadata.annotations?.[approvalAnnotation] ?? '';
  if (approved.startsWith('unapproved'))
    return [condition(type, 'False', 'UnapprovedAnnotation', `not approved: ${JSON.stringify(approved)}`)];
  return [condition(type, 'True', 'ApprovedAnnotation', `approved in ${approved}`)];
}
