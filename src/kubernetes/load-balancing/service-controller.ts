import { watching } from '../../reconcile/index.ts';
import type { KubernetesContext } from '../context.ts';
import {
  clusterWide,
  endpointSlices,
  nodes,
  pods,
  services,
  siblingKey,
  siblingsOf,
} from '../controllers/collections.ts';
import type { Controller } from '../controllers/controller.ts';
import { type EndpointSlice, labelOf, serviceNameLabel } from '../controllers/endpoints/objects.ts';
import type { Pod } from '../controllers/objects.ts';
import { serviceFinalizer } from './finalizers.ts';
import { type BalancedNode, type BalancedService, isOtherTarget, isOtherWait } from './targets.ts';

/** Load balancers of Services, as the AWS Load Balancer Controller makes them. */
export const serviceLoadBalancers = (context: KubernetesContext): Controller<BalancedService> => ({
  name: 'service-load-balancers',
  account: 'aws-load-balancer-controller',
  component: 'service',
  collection: services,
  concerns: isConcerned,
  watches: (state) => [
    watching<EndpointSlice>(endpointSlices, ({ key, before, after }) =>
      [before, after].flatMap((slice) => {
        const name = slice && labelOf(slice, serviceNameLabel);
        if (name === undefined || name === '') return [];
        const serviceKey = siblingKey(key, services, name);
        const service = state.get(services, serviceKey);
        return service !== undefined && isConcerned(service) ? [serviceKey] : [];
      }),
    ),
    watching<Pod>(pods, ({ key, before, after }) =>
      isOtherWait(before, after)
        ? [...state.list(services, siblingsOf(key, services))].flatMap((record) =>
            isConcerned(record.value) ? [record.key] : [],
          )
        : [],
    ),
    watching<BalancedNode>(nodes, ({ key, before, after }) =>
      isOtherTarget(before, after)
        ? [...state.list(services, clusterWide(key, services))].flatMap((record) =>
            isConcerned(record.value) ? [record.key] : [],
          )
        : [],
    ),
  ],
  load: async () => {
    const [{ syncBalanced }, { balancedServices }] = await Promise.all([
      import('./sync.ts'),
      import('./sync-service.ts'),
    ]);
    return syncBalanced(context, balancedServices);
  },
});

const isConcerned = (service: BalancedService): boolean =>
  service.spec.type === 'LoadBalancer' || (service.metadata.finalizers ?? []).includes(serviceFinalizer);
