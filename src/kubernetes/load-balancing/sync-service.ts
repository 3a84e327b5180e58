import { resourceNamed } from '../schema/catalogue.ts';
import { serviceFinalizer } from './finalizers.ts';
import { isBalanced, serviceModel } from './service-model.ts';
import type { Balancing } from './sync.ts';
import type { BalancedService } from './targets.ts';

/** Services of the type LoadBalancer: each has one of its own. */
export const balancedServices: Balancing<BalancedService> = {
  resource: resourceNamed('', 'services'),
  finalizer: serviceFinalizer,
  tagged: 'service',
  isBalanced: (_reader, _key, service) => isBalanced(service),
  stackOf: ({ object: { metadata } }) => `${metadata.namespace}/${metadata.name}`,
  model: ({ object, ...place }) => serviceModel(object, place),
  modelWithout: () => undefined,
  isOthers: () => false,
};
