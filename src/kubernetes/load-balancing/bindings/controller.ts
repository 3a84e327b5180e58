import { type RecordKey, type State, watching } from '../../../reconcile/index.ts';
import type { KubernetesContext } from '../../context.ts';
import {
  clusterWide,
  endpointSlices,
  nodes,
  pods,
  services,
  siblingsOf,
} from '../../controllers/collections.ts';
import type { Controller } from '../../controllers/controller.ts';
import {
  type EndpointSlice,
  labelOf,
  type Service,
  serviceNameLabel,
} from '../../controllers/endpoints/objects.ts';
import type { Pod } from '../../controllers/objects.ts';
import { type BalancedNode, isOtherTarget, isOtherWait } from '../targets.ts';
import { type TargetGroupBinding, targetGroupBindings } from './objects.ts';

/** Target groups that are filled from Services, as the AWS Load Balancer Controller fills them. */
export const targetGroupBindingController = (context: KubernetesContext): Controller<TargetGroupBinding> => ({
  name: 'target-group-bindings',
  account: 'aws-load-balancer-controller',
  component: 'targetGroupBinding',
  collection: targetGroupBindings,
  watches: (state) => [
    watching<Service>(services, ({ key, before, after }) =>
      bindingsTo(state, key, (after ?? before)?.metadata.name),
    ),
    watching<EndpointSlice>(endpointSlices, ({ key, before, after }) => {
      const slice = after ?? before;
      return bindingsTo(state, key, slice && labelOf(slice, serviceNameLabel));
    }),
    watching<Pod>(pods, ({ key, before, after }) =>
      isOtherWait(before, after) ? keysOf(state, siblingsOf(key, targetGroupBindings)) : [],
    ),
    watching<BalancedNode>(nodes, ({ key, before, after }) =>
      isOtherTarget(before, after) ? keysOf(state, clusterWide(key, targetGroupBindings)) : [],
    ),
  ],
  load: async () => (await import('./sync-binding.ts')).syncBinding(context),
});

const keysOf = (state: State, prefix: string): readonly RecordKey[] =>
  [...state.list(targetGroupBindings, prefix)].map(({ key }) => key);

const bindingsTo = (state: State, key: string, service: string | undefined): readonly RecordKey[] =>
  [...state.list(targetGroupBindings, siblingsOf(key, targetGroupBindings))].flatMap((record) =>
    record.value.spec.serviceRef.name === service ? [record.key] : [],
  );
