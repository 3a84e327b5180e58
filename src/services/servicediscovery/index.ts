/**
 * AWS Cloud Map: namespaces, services and the instances that are registered with them. The one idea to know: a request
 * that changes something writes an operation (`submit.ts`), and a reconciler carries it out; there are no DNS records
 * beside that, for what a zone answers is worked out from the instances that there are (`zone-answers.ts`).
 *
 * Refused by name: public namespaces, health checks by Route 53, aliases of load balancers, namespaces of other accounts.
 */
import type { Reconciler } from '../../reconcile/index.ts';
import type { Service } from '../service.ts';
import type { CloudMapContext } from './context.ts';

export type { CloudMapContext } from './context.ts';
export {
  type DiscoveryNamespace,
  findDiscoveryNamespace,
  makeDiscoveryService,
  makeHttpNamespace,
  removeDiscoveryService,
} from './for-services/discovery.ts';
export {
  deregisterServiceInstance,
  findRegistry,
  type Registration,
  type Registry,
  registerServiceInstance,
  type ServiceInstance,
  setInstanceHealth,
} from './for-services/registry.ts';
export { zoneAnswers, zoneCollections } from './zone-answers.ts';

export function createCloudMap(context: CloudMapContext): Service {
  return {
    signingName: 'servicediscovery',
    loadSdk: () => import('@aws-sdk/client-servicediscovery'),
    loadOperations: async () => (await import('./operations.ts')).cloudMapOperations(context),
  };
}

export async function loadCloudMapReconcilers(context: CloudMapContext): Promise<readonly Reconciler[]> {
  return [(await import('./reconcilers/operation-progress.ts')).operationProgress(context)];
}
