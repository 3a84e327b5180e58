/**
 * Load balancers of Services and Ingresses, as the AWS Load Balancer Controller makes them, by this installation's Elastic
 * Load Balancing. The one idea to know: objects say by pure functions what is wanted (`*-model.ts`), and `converge.ts` makes it so
 * with the cluster's role, looking by name before each step.
 */
import type { Reconciler } from '../../reconcile/index.ts';
import type { KubernetesContext } from '../context.ts';
import { type RunningClusters, reconcilerOf } from '../controllers/controller.ts';
import { targetGroupBindingController } from './bindings/controller.ts';
import { ingressLoadBalancers } from './ingress-controller.ts';
import { serviceLoadBalancers } from './service-controller.ts';

export { type NewPod, newPodGates } from './new-pod-gates.ts';

export function loadBalancerControllers(
  context: KubernetesContext,
  running: RunningClusters,
): readonly Reconciler[] {
  return [
    reconcilerOf(context, running, serviceLoadBalancers(context)),
    reconcilerOf(context, running, ingressLoadBalancers(context)),
    reconcilerOf(context, running, targetGroupBindingController(context)),
  ];
}
