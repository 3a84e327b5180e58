import {
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  memberOf,
  objectsIn,
  textOf,
} from '../../../objects/object.ts';
import type { ObjectsInMemory } from '../../../objects/objects-in-memory.ts';
import { qualifiedName, resourceNamed } from '../../../schema/catalogue.ts';
import { forbidden, invalid } from '../../status.ts';
import type { Attributes, Plugin, Proposed } from '../attributes.ts';
import { told, violationsOf } from './checks.ts';
import { podsWarnings } from './existing-pods.ts';
import { isStricter, labelPrefix, type Policy, policyOf, standardText } from './policy.ts';

const namespaces = resourceNamed('', 'namespaces');
const pods = resourceNamed('', 'pods');

/** Where a kind of object has a pod, or the template of one. */
const templates: Readonly<Record<string, readonly string[]>> = {
  podtemplates: ['template'],
  replicationcontrollers: ['spec', 'template'],
  'cronjobs.batch': ['spec', 'jobTemplate', 'spec', 'template'],
  'daemonsets.apps': ['spec', 'template'],
  'deployments.apps': ['spec', 'template'],
  'jobs.batch': ['spec', 'template'],
  'replicasets.apps': ['spec', 'template'],
  'statefulsets.apps': ['spec', 'template'],
};

/**
 * Holds the pods of a namespace to the Pod Security Standards that its labels name: `enforce` refuses them, `warn` and `audit` tell of
 * them, and of templates whose pods would be refused later. As in EKS nobody is exempt, and a namespace without labels is privileged.
 */
export function podSecurity({ inMemory }: { readonly inMemory: ObjectsInMemory }): Plugin {
  return {
    name: 'PodSecurity',
    handles: ({ operation, resource, subresource }) => {
      if (operation === 'DELETE') return false;
      const name = qualifiedName(resource);
      if (name === 'pods')
        return subresource === undefined || subresource === 'ephemeralcontainers' || subresource === 'resize';
      return subresource === undefined && (name === 'namespaces' || Object.hasOwn(templates, name));
    },
    validate: (attributes) => {
      const { resource, object, namespace } = attributes;
      if (object === undefined) return undefined;
      if (resource === namespaces) checkNamespace(attributes, object, inMemory);
      else checkPod(attributes, object, inMemory.get(namespaces, undefined, namespace ?? ''));
      return undefined;
    },
  };
}

function checkPod(
  attributes: Proposed,
  object: KubernetesObject,
  namespace: KubernetesObject | undefined,
): void {
  const labels = namespace?.metadata.labels ?? {};
  if (!Object.keys(labels).some((it) => it.startsWith(labelPrefix))) return;
  const { resource, before, by, name } = attributes;
  const pod = podIn(resource, object);
  if (pod === undefined) return;
  const isPod = resource === pods;
  if (isPod && before !== undefined && !isSignificant(before, object)) return;
  const policy = policyOf(labels);
  if (isWithoutConcern(policy, isPod)) return;
  const of = (mode: 'audit' | 'enforce' | 'warn'): string => {
    const violations = violationsOf(policy[mode], memberOf(pod, 'metadata'), memberOf(pod, 'spec'));
    return violations.length === 0
      ? ''
      : `PodSecurity ${JSON.stringify(standardText(policy[mode]))}: ${told(violations)}`;
  };
  if (policy.errors.length > 0)
    by.annotate(`${labelPrefix}error`, `Failed to parse policy: ${errorsText(policy)}`);
  if (isPod) by.annotate(`${labelPrefix}enforce-policy`, standardText(policy.enforce));
  const audited = of('audit');
  if (audited !== '') by.annotate(`${labelPrefix}audit-violations`, `would violate ${audited}`);
  const enforced = isPod ? of('enforce') : '';
  if (enforced !== '') throw forbidden(resource, name, `violates ${enforced}`);
  const warned = of('warn');
  if (warned !== '') by.warn(`would violate ${warned}`);
}

/** Templates are refused by nothing: their pods are. */
const isWithoutConcern = ({ enforce, audit, warn, errors }: Policy, isPod: boolean): boolean =>
  errors.length === 0 &&
  [...(isPod ? [enforce] : []), audit, warn].every(({ level }) => level === 'privileged');

function errorsText({ errors }: Policy): string {
  const texts = errors.map(({ field, text }) => `${field}: ${text}`);
  return texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`;
}

function podIn(resource: Attributes['resource'], object: KubernetesObject): JsonObject | undefined {
  let found: unknown = object;
  for (const part of templates[qualifiedName(resource)] ?? [])
    found = isJsonObject(found) ? found[part] : undefined;
  return isJsonObject(found) ? found : undefined;
}

const seccompOfPod = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompOfContainer = 'container.seccomp.security.alpha.kubernetes.io/';

/** Of what can be changed of a pod, what its level looks at: which containers there are, and their images. */
function isSignificant(before: KubernetesObject, after: KubernetesObject): boolean {
  const [was, is] = [memberOf(before, 'spec'), memberOf(after, 'spec')];
  const annotation = (of: KubernetesObject, key: string) => of.metadata.annotations?.[key];
  const hasChanged = (one: JsonObject | undefined, other: JsonObject): boolean => {
    const key = seccompOfContainer + textOf(other, 'name');
    return one?.image !== other.image || annotation(before, key) !== annotation(after, key);
  };
  if (annotation(before, seccompOfPod) !== annotation(after, seccompOfPod)) return true;
  const isOther = ['containers', 'initContainers'].some((part) => {
    const [old, present] = [objectsIn(was, part), objectsIn(is, part)];
    return old.length !== present.length || present.some((it, place) => hasChanged(old[place], it));
  });
  if (isOther) return true;
  const old = objectsIn(was, 'ephemeralContainers');
  return objectsIn(is, 'ephemeralContainers').some((it) =>
    hasChanged(
      old.find(({ name }) => name === it.name),
      it,
    ),
  );
}

/** Labels have to be right when they are new, and a stricter level tells of the pods that are there. */
function checkNamespace(
  { name, before, by }: Proposed,
  { metadata: { labels } }: KubernetesObject,
  inMemory: ObjectsInMemory,
): void {
  const policy = policyOf(labels);
  const old = before === undefined ? undefined : policyOf(before.metadata.labels);
  if (policy.errors.length > 0 && (old === undefined || errorsText(policy) !== errorsText(old)))
    throw invalid({ group: '', kind: 'Namespace' }, name, policy.errors);
  if (old === undefined) return;
  const { enforce } = policy;
  const isSameVersion = enforce.minor === old.enforce.minor;
  if (enforce.level === 'privileged' || (isSameVersion && !isStricter(enforce.level, old.enforce.level)))
    return;
  for (const warning of podsWarnings(name, enforce, [...inMemory.list(pods, name)])) by.warn(warning);
}
