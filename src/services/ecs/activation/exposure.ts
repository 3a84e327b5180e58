import { given } from '../given.ts';
import type { ExposureRecord } from '../records.ts';

/** By what others find tasks, to be spread into what has it; nothing where there is nothing. */
export function exposureOf({
  serviceRegistries,
  loadBalancers,
  serviceConnectConfiguration,
  gatewayConnectors,
  gatewayRoutes,
}: ExposureRecord): ExposureRecord {
  return {
    ...given('serviceRegistries', serviceRegistries),
    ...given('loadBalancers', loadBalancers),
    ...given('serviceConnectConfiguration', serviceConnectConfiguration),
    ...given('gatewayConnectors', gatewayConnectors),
    ...given('gatewayRoutes', gatewayRoutes),
  };
}

/** The rest. */
export function withoutExposure<T extends ExposureRecord>(record: T): Omit<T, keyof ExposureRecord> {
  const {
    serviceRegistries: _registries,
    loadBalancers: _balancers,
    serviceConnectConfiguration: _connect,
    gatewayConnectors: _connectors,
    gatewayRoutes: _routes,
    ...rest
  } = record;
  return rest;
}
