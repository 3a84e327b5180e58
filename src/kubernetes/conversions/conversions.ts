import type { KubernetesObject } from '../objects/object.ts';
import { apiVersionOf, type Resource } from '../schema/catalogue.ts';
import { autoscalerV1 } from './autoscaler-v1.ts';
import { newerEvent } from './newer-event.ts';

/** Between a kind as it is kept and another version of it. There and back nothing is lost. */
export interface Conversion {
  toStored(object: KubernetesObject): KubernetesObject;
  fromStored(object: KubernetesObject): KubernetesObject;
}

const conversions: Readonly<Record<string, Conversion>> = {
  'autoscaling/v1': autoscalerV1,
  'events.k8s.io/v1': newerEvent,
};

/** Of a resource that is kept as another: see `Resource.storedAs`. */
export function conversionOf(resource: Resource): Conversion {
  const found = conversions[apiVersionOf(resource)];
  if (found === undefined) throw new Error(`Nothing converts ${resource.name} of ${apiVersionOf(resource)}`);
  return found;
}
