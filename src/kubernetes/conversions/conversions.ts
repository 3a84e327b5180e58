import { apiVersionOf, type Resource } from '../schema/catalogue.ts';
import { autoscalerV1 } from './autoscaler-v1.ts';
import type { Conversion } from './conversion.ts';
import { newerEvent } from './newer-event.ts';

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
