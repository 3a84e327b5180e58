import type { Json } from '../../store/index.ts';
import type { CustomScale } from '../custom-resources/custom-version.ts';
import {
  type JsonObject,
  type KubernetesObject,
  memberOf,
  numberOf,
  setMember,
  textOf,
  valueAt,
} from '../objects/object.ts';
import type { Resource } from '../schema/catalogue.ts';
import { ApiError, invalid, invalidValue } from './status.ts';

/** How many there are to be of what a workload makes, as its own small object. @throws {ApiError} 500 */
export function scaleOf({ custom }: Resource, object: KubernetesObject): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return {
    ...{ kind: 'Scale', apiVersion: 'autoscaling/v1' },
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as unknown as Json,
    ...(custom?.scale === undefined ? scaleOfWorkload(object) : scaleOfCustom(custom.scale, object)),
  };
}

function scaleOfWorkload(object: KubernetesObject): JsonObject {
  const selector = memberOf(memberOf(object, 'spec'), 'selector');
  const labels = selector.matchLabels === undefined ? selector : memberOf(selector, 'matchLabels');
  return {
    spec: { replicas: numberOf(memberOf(object, 'spec'), 'replicas') },
    status: {
      replicas: numberOf(memberOf(object, 'status'), 'replicas'),
      selector: Object.entries(labels)
        .map(([key, value]) => `${key}=${String(value)}`)
        .join(','),
    },
  };
}

function scaleOfCustom(scale: CustomScale, object: KubernetesObject): JsonObject {
  const replicas = valueAt(object, scale.specReplicasPath);
  if (typeof replicas !== 'number') {
    throw new ApiError(
      500,
      'InternalError',
      `Internal error occurred: the spec replicas field ".${scale.specReplicasPath}" does not exist`,
    );
  }
  const count = valueAt(object, scale.statusReplicasPath);
  const selector =
    scale.labelSelectorPath === undefined ? undefined : valueAt(object, scale.labelSelectorPath);
  return {
    spec: { replicas },
    status: {
      replicas: typeof count === 'number' ? count : 0,
      ...(typeof selector === 'string' && selector !== '' && { selector }),
    },
  };
}

/** The workload with as many as a scale says. @throws {ApiError} 422 */
export function withScale(resource: Resource, object: KubernetesObject, scale: JsonObject): JsonObject {
  const replicas = numberOf(memberOf(scale, 'spec'), 'replicas');
  if (replicas < 0) throw negative(object.metadata.name, replicas);
  const version = textOf(memberOf(scale, 'metadata'), 'resourceVersion');
  const { resourceVersion: _, ...metadata } = object.metadata;
  return {
    ...withNumberAt(object as unknown as JsonObject, replicasPath(resource), replicas),
    metadata: { ...metadata, ...(version !== '' && { resourceVersion: version }) } as unknown as Json,
  };
}

/** What a scale that is applied says of the workload; nothing where it says no number. */
export function configOfScale(resource: Resource, scale: JsonObject): JsonObject {
  const { replicas } = memberOf(scale, 'spec');
  return typeof replicas === 'number' ? withNumberAt({}, replicasPath(resource), replicas) : {};
}

const replicasPath = ({ custom }: Resource): string => custom?.scale?.specReplicasPath ?? 'spec.replicas';

function withNumberAt(object: JsonObject, path: string, value: number): JsonObject {
  const [first = '', ...rest] = path.split('.');
  const changed = { ...object };
  setMember(
    changed,
    first,
    rest.length === 0 ? value : withNumberAt(memberOf(object, first), rest.join('.'), value),
  );
  return changed;
}

const negative = (name: string, replicas: number): ApiError =>
  invalid({ group: 'autoscaling', kind: 'Scale' }, name, [
    invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'),
  ]);
