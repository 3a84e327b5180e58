import {
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  textOf,
  timestamp,
} from '../objects/object.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import type { Requester } from './admission/attributes.ts';
import type { Cluster } from './cluster.ts';
import type { WriteOptions } from './options.ts';
import { conflict, type FieldError, invalid, notSupported, required } from './status.ts';
import { type Change, changeObject } from './write.ts';

const pods = resourceNamed('', 'pods');
/** As conflicts name it. */
const bindings = { group: '', name: 'pods/binding' };

/** Says on which node a pod runs, once: what a scheduler does. @throws {ApiError} 404, 409, 422 */
export async function bindPod(
  cluster: Cluster,
  pod: { readonly namespace: string | undefined; readonly name: string },
  binding: JsonObject,
  options: WriteOptions,
  by: Requester,
): Promise<void> {
  const errors = bindingErrors(binding);
  if (errors.length > 0) throw invalid({ group: '', kind: 'Binding' }, pod.name, errors);
  const change: Change = (present) => ({ object: bound(cluster, present, binding) });
  await changeObject(cluster, { ...pod, resource: pods, subresource: 'binding' }, change, options, by);
}

function bindingErrors(binding: JsonObject): readonly FieldError[] {
  const target = memberOf(binding, 'target');
  const kind = textOf(target, 'kind');
  return [
    ...(kind === '' || kind === 'Node' ? [] : [notSupported('target.kind', kind, ['Node', '<empty>'])]),
    ...(textOf(target, 'name') === '' ? [required('target.name')] : []),
  ];
}

function bound({ clock }: Cluster, present: KubernetesObject, binding: JsonObject): JsonObject {
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
  return {
    ...(present as unknown as JsonObject),
    metadata: {
      ...metadata,
      ...preconditionsOf(given),
      annotations: { ...metadata.annotations, ...(memberOf(given, 'annotations') as Record<string, string>) },
      labels: { ...metadata.labels, ...(memberOf(given, 'labels') as Record<string, string>) },
    } as unknown as JsonObject,
    spec: { ...spec, nodeName: textOf(memberOf(binding, 'target'), 'name') },
    status: {
      ...status,
      conditions: [
        ...listOf(status, 'conditions').filter((it) => textOf(it as JsonObject, 'type') !== 'PodScheduled'),
        scheduled,
      ],
    },
  };
}

/** Which pod it is meant for, and which version of it. */
function preconditionsOf(metadata: JsonObject): JsonObject {
  const { uid, resourceVersion } = metadata;
  return {
    ...(typeof uid === 'string' && uid !== '' && { uid }),
    ...(typeof resourceVersion === 'string' && resourceVersion !== '' && { resourceVersion }),
  };
}
