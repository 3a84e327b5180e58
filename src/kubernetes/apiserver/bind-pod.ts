import type { Draft } from '../kinds/kind.ts';
import {
  copyOf,
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  type ObjectMeta,
  textOf,
  timestamp,
} from '../objects/object.ts';
import { together, withRevision } from '../objects/object-store.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import type { Attributes, Requester } from './admission/attributes.ts';
import { topologyLabels } from './admission/pod-topology-labels.ts';
import type { Cluster } from './cluster.ts';
import { optionsGiven, type WriteOptions } from './options.ts';
import { conflict, type FieldError, invalid, notFound, notSupported, required } from './status.ts';
import { type Change, changeObject } from './write.ts';

const pods = resourceNamed('', 'pods');
/** As conflicts name it. */
const bindings = { group: '', name: 'pods/binding' };

/** Writers that are faster each time there are hardly any. */
const mostAttempts = 8;

interface Bound {
  readonly namespace: string | undefined;
  readonly name: string;
}

/** Says on which node a pod runs, once: what a scheduler does. @throws {ApiError} 404, 409, 422 */
export async function bindPod(
  cluster: Cluster,
  pod: Bound,
  binding: JsonObject,
  options: WriteOptions,
  by: Requester,
): Promise<void> {
  const errors = bindingErrors(binding);
  if (errors.length > 0) throw invalid({ group: '', kind: 'Binding' }, pod.name, errors);
  const { labels, annotations } = memberOf(binding, 'metadata');
  if (labels !== undefined || annotations !== undefined)
    return changeBound(cluster, pod, binding, options, by);
  for (let attempt = 1; ; attempt++)
    switch (await putBound(cluster, pod, binding, options, by)) {
      case 'done':
        return;
      case 'patched':
        return changeBound(cluster, pod, binding, options, by);
      case 'lost':
        if (attempt >= mostAttempts) throw conflict(pods, pod.name);
    }
}

/** As any change, with all that is asked of one. */
async function changeBound(
  cluster: Cluster,
  pod: Bound,
  binding: JsonObject,
  options: WriteOptions,
  by: Requester,
): Promise<void> {
  const meant = preconditionsOf(memberOf(binding, 'metadata'));
  const change: Change = (present) => {
    const object = bound(cluster, present, binding);
    return { object: { ...object, metadata: { ...memberOf(object, 'metadata'), ...meant } } };
  };
  await changeObject(cluster, { ...pod, resource: pods, subresource: 'binding' }, change, options, by);
}

/**
 * Writes to a pod its node's name, where that is, and a condition, and nothing else: so there is nothing to be set or validated
 * anew, and nobody owns what it writes, as with upstream's.
 * @returns `patched`: a rule has made something else of it, which is to be judged as any change.
 */
async function putBound(
  cluster: Cluster,
  { namespace, name }: Bound,
  binding: JsonObject,
  options: WriteOptions,
  by: Requester,
): Promise<'done' | 'lost' | 'patched'> {
  const { admission, objects } = cluster;
  const present = await objects.get(pods, namespace, name);
  if (present === undefined) throw notFound(pods, name);
  const before = withRevision(present);
  assertMeant(before, preconditionsOf(memberOf(binding, 'metadata')));
  const object = bound(cluster, before, binding) as unknown as KubernetesObject;
  const attributes: Attributes = {
    ...{ operation: 'UPDATE', resource: pods, subresource: 'binding', namespace, name, by, before },
    ...{ isDryRun: options.isDryRun, options: optionsGiven('UpdateOptions', options) },
  };
  const { alongside, isPatched } = await admission.mutate(attributes, copyOf(object) as unknown as Draft);
  if (isPatched) return 'patched';
  const judged = await admission.validate({ ...attributes, object });
  if (options.isDryRun) return 'done';
  const written = await admission.charged({ ...attributes, object }, (counted) =>
    objects.update(present, object, together(together(alongside, judged), counted)),
  );
  return written === undefined ? 'lost' : 'done';
}

/** @throws {ApiError} 409 it is another pod, or another version of it. */
function assertMeant({ metadata }: KubernetesObject, { uid, resourceVersion }: JsonObject): void {
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    throw conflict(pods, metadata.name);
  if (uid === undefined || uid === metadata.uid) return;
  const told = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`;
  throw conflict(pods, metadata.name, told);
}

function bindingErrors(binding: JsonObject): readonly FieldError[] {
  const target = memberOf(binding, 'target');
  const kind = textOf(target, 'kind');
  return [
    ...(kind === '' || kind === 'Node' ? [] : [notSupported('target.kind', kind, ['Node', '<empty>'])]),
    ...(textOf(target, 'name') === '' ? [required('target.name')] : []),
  ];
}

function bound({ clock, inMemory }: Cluster, present: KubernetesObject, binding: JsonObject): JsonObject {
  const { name, deletionTimestamp } = present.metadata;
  const [spec, given] = [memberOf(present, 'spec'), memberOf(binding, 'metadata')];
  if (deletionTimestamp !== undefined)
    throw conflict(bindings, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  const node = textOf(spec, 'nodeName');
  if (node !== '') throw conflict(bindings, name, `pod ${name} is already assigned to node "${node}"`);
  if (listOf(spec, 'schedulingGates').length > 0)
    throw conflict(bindings, name, `pod ${name} has non-empty .spec.schedulingGates`);
  // Nobody makes room for it any more.
  const { nominatedNodeName: _nominated, ...status } = memberOf(present, 'status');
  const scheduled = {
    ...{ type: 'PodScheduled', status: 'True', lastTransitionTime: timestamp(clock.now()) },
  };
  const { resourceVersion: _, ...metadata } = present.metadata;
  const nodeName = textOf(memberOf(binding, 'target'), 'name');
  const labels = { ...memberOf(given, 'labels'), ...topologyLabels(inMemory, nodeName) };
  return {
    ...(present as unknown as JsonObject),
    metadata: {
      ...metadata,
      ...withMembers(metadata, 'annotations', memberOf(given, 'annotations')),
      ...withMembers(metadata, 'labels', labels),
    } as unknown as JsonObject,
    spec: { ...spec, nodeName },
    status: {
      ...status,
      conditions: [
        ...listOf(status, 'conditions').filter((it) => textOf(it as JsonObject, 'type') !== 'PodScheduled'),
        scheduled,
      ],
    },
  };
}

/** What the pod has of them, and what is brought. */
const withMembers = (
  metadata: ObjectMeta,
  name: 'annotations' | 'labels',
  brought: JsonObject,
): Record<string, object> =>
  Object.keys(brought).length > 0 ? { [name]: { ...metadata[name], ...brought } } : {};

/** Which pod it is meant for, and which version of it. */
function preconditionsOf(metadata: JsonObject): JsonObject {
  const { uid, resourceVersion } = metadata;
  return {
    ...(typeof uid === 'string' && uid !== '' && { uid }),
    ...(typeof resourceVersion === 'string' && resourceVersion !== '' && { resourceVersion }),
  };
}
