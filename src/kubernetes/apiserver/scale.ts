import type { Json } from '../../store/index.ts';
import { type JsonObject, type KubernetesObject, memberOf, numberOf, textOf } from '../objects/object.ts';
import { type ApiError, invalid, invalidValue } from './status.ts';

/** How many there are to be of what a workload makes, as its own small object. */
export function scaleOf(object: KubernetesObject): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = memberOf(memberOf(object, 'spec'), 'selector');
  const labels = selector.matchLabels === undefined ? selector : memberOf(selector, 'matchLabels');
  return {
    ...{ kind: 'Scale', apiVersion: 'autoscaling/v1' },
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as unknown as Json,
    spec: { replicas: numberOf(memberOf(object, 'spec'), 'replicas') },
    status: {
      replicas: numberOf(memberOf(object, 'status'), 'replicas'),
      selector: Object.entries(labels)
        .map(([key, value]) => `${key}=${String(value)}`)
        .join(','),
    },
  };
}

/** The workload with as many as a scale says. @throws {ApiError} 422 */
export function withScale(object: KubernetesObject, scale: JsonObject): JsonObject {
  const replicas = numberOf(memberOf(scale, 'spec'), 'replicas');
  if (replicas < 0) throw negative(object.metadata.name, replicas);
  const version = textOf(memberOf(scale, 'metadata'), 'resourceVersion');
  const { resourceVersion: _, ...metadata } = object.metadata;
  return {
    ...(object as unknown as JsonObject),
    metadata: { ...metadata, ...(version !== '' && { resourceVersion: version }) } as unknown as Json,
    spec: { ...memberOf(object, 'spec'), replicas },
  };
}

const negative = (name: string, replicas: number): ApiError =>
  invalid({ group: 'autoscaling', kind: 'Scale' }, name, [
    invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'),
  ]);
