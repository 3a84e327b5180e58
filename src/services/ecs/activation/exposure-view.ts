import type { LoadBalancer, ServiceRegistry } from '@aws-sdk/client-ecs';
import { ownBalancers } from '../gateway/route-balancers.ts';
import type { ExposureRecord } from '../records.ts';

/** By what others find tasks, as the API shows it. Records are frozen, and what the SDK takes is not. */
export function exposureView({ serviceRegistries = [], loadBalancers }: ExposureRecord): {
  readonly serviceRegistries: ServiceRegistry[];
  readonly loadBalancers: LoadBalancer[];
} {
  return {
    loadBalancers: ownBalancers(loadBalancers).map(
      ({ advancedConfiguration, transport: _transport, ...balancer }) => ({
        ...balancer,
        ...(advancedConfiguration && { advancedConfiguration: { ...advancedConfiguration } }),
      }),
    ),
    serviceRegistries: serviceRegistries.map((registry) => ({ ...registry })),
  };
}
