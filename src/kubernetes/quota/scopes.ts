import { qosClass } from '../kinds/qos-class.ts';
import {
  copyOf,
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  objectsIn,
  textOf,
  textsIn,
} from '../objects/object.ts';

/** Scopes of pods; a quota that has any counts nothing else. */
export const scopes = [
  ...['BestEffort', 'CrossNamespacePodAffinity', 'NotBestEffort', 'NotTerminating', 'PriorityClass'],
  'Terminating',
];

/** Whether a quota counts a pod, by its `scopes` and `scopeSelector`. */
export function isInScope(quotaSpec: JsonObject, pod: KubernetesObject): boolean {
  const selectors = objectsIn(memberOf(quotaSpec, 'scopeSelector'), 'matchExpressions');
  return (
    textsIn(quotaSpec, 'scopes').every((scope) => isOf(scope, pod)) &&
    selectors.every((selector) => isSelected(selector, pod))
  );
}

export const hasScopes = (quotaSpec: JsonObject): boolean =>
  textsIn(quotaSpec, 'scopes').length > 0 ||
  objectsIn(memberOf(quotaSpec, 'scopeSelector'), 'matchExpressions').length > 0;

function isSelected(selector: JsonObject, pod: KubernetesObject): boolean {
  const scope = textOf(selector, 'scopeName');
  const operator = textOf(selector, 'operator');
  if (scope !== 'PriorityClass') return isOf(scope, pod) === (operator !== 'DoesNotExist');
  const name = textOf(memberOf(pod, 'spec'), 'priorityClassName');
  const isListed = textsIn(selector, 'values').includes(name);
  switch (operator) {
    case 'In':
      return isListed;
    case 'NotIn':
      return !isListed;
    case 'Exists':
      return name !== '';
    case 'DoesNotExist':
      return name === '';
    default:
      return false;
  }
}

function isOf(scope: string, pod: KubernetesObject): boolean {
  const spec = memberOf(pod, 'spec');
  switch (scope) {
    case 'BestEffort':
      return isBestEffort(spec);
    case 'NotBestEffort':
      return !isBestEffort(spec);
    case 'Terminating':
      return typeof spec.activeDeadlineSeconds === 'number';
    case 'NotTerminating':
      return typeof spec.activeDeadlineSeconds !== 'number';
    case 'PriorityClass':
      return textOf(spec, 'priorityClassName') !== '';
    case 'CrossNamespacePodAffinity':
      return hasCrossNamespaceAffinity(spec);
    default:
      return false;
  }
}

const isBestEffort = (spec: JsonObject): boolean =>
  qosClass(copyOf(spec) as Record<string, unknown>) === 'BestEffort';

function hasCrossNamespaceAffinity(spec: JsonObject): boolean {
  const affinity = memberOf(spec, 'affinity');
  return ['podAffinity', 'podAntiAffinity'].some((kind) => {
    const terms = memberOf(affinity, kind);
    const preferred = objectsIn(terms, 'preferredDuringSchedulingIgnoredDuringExecution');
    return [
      ...objectsIn(terms, 'requiredDuringSchedulingIgnoredDuringExecution'),
      ...preferred.map((it) => memberOf(it, 'podAffinityTerm')),
    ].some((term) => listOf(term, 'namespaces').length > 0 || term.namespaceSelector !== undefined);
  });
}
