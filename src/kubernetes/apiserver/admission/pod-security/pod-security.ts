import { isJsonObject, type JsonObject, type KubernetesObject, memberOf } from '../../../objects/object.ts';
import type { ObjectsInMemory } from '../../../objects/objects-in-memory.ts';
import { qualifiedName, resourceNamed } from '../../../schema/catalogue.ts';
import { forbidden } from '../../status.ts';
import type { Attributes, Plugin, Proposed } from '../attributes.ts';
import { type Level, told, type Violation, violationsOf } from './checks.ts';

const namespaces = resourceNamed('', 'namespaces');
const prefix = 'pod-security.kubernetes.io/';
const levels: readonly string[] = ['baseline', 'privileged', 'restricted'];

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
 * them, and of templates whose pods would be refused later. Every version of the standards is taken as the latest one.
 */
export function podSecurity({ inMemory }: { readonly inMemory: ObjectsInMemory }): Plugin {
  return {
    name: 'PodSecurity',
    handles: ({ operation, resource, subresource }) => {
      if (operation === 'DELETE') return false;
      const name = qualifiedName(resource);
      if (name === 'pods') return subresource === undefined || subresource === 'ephemeralcontainers';
      return subresource === undefined && (name === 'namespaces' || Object.hasOwn(templates, name));
    },
    validate: (attributes) => {
      const { resource, object, namespace } = attributes;
      if (object === undefined) return undefined;
      if (resource === namespaces) checkLabels(attributes, object);
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
  if (!Object.keys(labels).some((it) => it.startsWith(prefix))) return;
  const { resource, before, by, name } = attributes;
  const pod = podOf(resource, object);
  if (pod === undefined) return;
  // A change of what levels do not look at is nobody's concern.
  const old = before === undefined ? undefined : podOf(resource, before);
  const of = (mode: string, which = pod): readonly Violation[] =>
    violationsOf(levelOf(labels, mode), memberOf(which, 'metadata'), memberOf(which, 'spec'));
  const isPod = qualifiedName(resource) === 'pods';
  const enforced = isPod ? of('enforce') : [];
  if (enforced.length > 0 && (old === undefined || told(of('enforce', old)) !== told(enforced)))
    throw forbidden(resource, name, violates(labels, 'enforce', enforced));
  const warned = of('warn');
  if (warned.length > 0) by.warn(`would ${violates(labels, 'warn', warned).replace('violates', 'violate')}`);
  const audited = of('audit');
  if (audited.length > 0)
    by.annotate(
      `${prefix}audit-violations`,
      `would ${violates(labels, 'audit', audited).replace('violates', 'violate')}`,
    );
}

const violates = (
  labels: Readonly<Record<string, string>>,
  mode: string,
  violations: readonly Violation[],
): string =>
  `violates PodSecurity "${levelOf(labels, mode)}:${labels[`${prefix}${mode}-version`] ?? 'latest'}": ${told(violations)}`;

/** What is no level is the strictest one. */
function levelOf(labels: Readonly<Record<string, string>>, mode: string): Level {
  const level = labels[prefix + mode];
  if (level === undefined) return 'privileged';
  return levels.includes(level) ? (level as Level) : 'restricted';
}

function podOf(resource: Attributes['resource'], object: KubernetesObject): JsonObject | undefined {
  let found: unknown = object;
  for (const part of templates[qualifiedName(resource)] ?? [])
    found = isJsonObject(found) ? found[part] : undefined;
  return isJsonObject(found) ? found : undefined;
}

function checkLabels({ resource, name }: Attributes, { metadata: { labels = {} } }: KubernetesObject): void {
  const wrong: string[] = [];
  for (const mode of ['enforce', 'audit', 'warn']) {
    const level = labels[prefix + mode];
    if (level !== undefined && !levels.includes(level))
      wrong.push(
        `metadata.labels[${prefix}${mode}]: Invalid value: ${JSON.stringify(level)}: must be one of privileged, baseline, restricted`,
      );
    const version = labels[`${prefix}${mode}-version`];
    if (version !== undefined && version !== 'latest' && !/^v1\.\d{1,3}$/.test(version))
      wrong.push(
        `metadata.labels[${prefix}${mode}-version]: Invalid value: ${JSON.stringify(version)}: must be "latest" or "v1.x"`,
      );
  }
  if (wrong.length > 0) throw forbidden(resource, name, wrong.join(', '));
}
