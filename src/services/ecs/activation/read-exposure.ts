import type { LoadBalancer, ServiceRegistry } from '@aws-sdk/client-ecs';
import type { Reader } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { ownBalancers } from '../gateway/route-balancers.ts';
import { given } from '../given.ts';
import type { ExposureRecord } from '../records.ts';
import type { Exposed } from './exposed.ts';
import { readLoadBalancers } from './load-balancers.ts';
import { readServiceRegistries } from './service-registries.ts';

interface AskedExposure {
  readonly serviceRegistries?: ServiceRegistry[] | undefined;
  readonly loadBalancers?: LoadBalancer[] | undefined;
}

/** Service Connect and gateways have their own rules. */
type Registered = Pick<ExposureRecord, 'serviceRegistries' | 'loadBalancers'>;

/** @throws InvalidParameterException in AWS's words; what isn't built yet is refused by name. */
export function readExposure(
  reader: Reader,
  scope: Scope,
  exposed: Exposed,
  { serviceRegistries, loadBalancers }: AskedExposure,
): Registered {
  return {
    ...given('serviceRegistries', readServiceRegistries(reader, scope, exposed, serviceRegistries)),
    ...given('loadBalancers', readLoadBalancers(reader, scope, exposed, loadBalancers)),
  };
}

/** What is not given stays, if the definition can have it; what is given empty ends. @throws as `readExposure` */
export function changedExposure(
  reader: Reader,
  scope: Scope,
  exposed: Exposed,
  current: ExposureRecord,
  { taskDefinition, ...asked }: AskedExposure & { readonly taskDefinition?: string | undefined },
): Registered {
  const own = ownBalancers(current.loadBalancers);
  const ownOrNone = own.length > 0 ? own : undefined;
  const { serviceRegistries = current.serviceRegistries, loadBalancers = ownOrNone } = asked;
  const isAsked = asked.serviceRegistries !== undefined || asked.loadBalancers !== undefined;
  if (!isAsked && taskDefinition === undefined)
    return {
      ...given('serviceRegistries', current.serviceRegistries),
      ...given('loadBalancers', ownOrNone),
    };
  return readExposure(reader, scope, exposed, {
    serviceRegistries: serviceRegistries?.map((registry) => ({ ...registry })),
    loadBalancers: loadBalancers?.map((balancer) => ({ ...balancer })),
  });
}
