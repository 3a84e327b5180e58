import { type State, watching } from '../../../reconcile/index.ts';
import { clusterKey, clusterWide, ipAddresses, namespaces, serviceCidrs } from '../collections.ts';
import type { Controller } from '../controller.ts';
import type { Kept } from '../objects.ts';
import { defaultName, type IpAddress, type ServiceCidr } from './objects.ts';

const account = 'service-cidrs-controller';

/** Those of a cluster that wait to go. */
const leaving = (state: State, key: string) =>
  [...state.list(serviceCidrs, clusterWide(key, serviceCidrs))]
    .filter(({ value }) => value.metadata.deletionTimestamp !== undefined)
    .map((record) => record.key);

/** Says that a ServiceCIDR is ready, and lets it go when no service has an address of it alone. */
export const serviceCidrController: Controller<ServiceCidr> = {
  ...{ account, component: account },
  collection: serviceCidrs,
  watches: (state) => [
    watching<ServiceCidr>(serviceCidrs, ({ key }) => leaving(state, key)),
    watching<IpAddress>(ipAddresses, ({ key, after }) => (after === undefined ? leaving(state, key) : [])),
  ],
  load: async () => (await import('./sync.ts')).syncServiceCidr,
};

/** The one that a cluster was made with comes back when it has gone, as upstream's API server does it. */
export const defaultServiceCidrController: Controller<Kept> = {
  name: 'default-service-cidr',
  account,
  component: 'kubernetes-service-cidr-controller',
  collection: namespaces,
  concerns: ({ metadata }) => metadata.name === 'default',
  watches: () => [
    watching<ServiceCidr>(serviceCidrs, ({ key, after }) =>
      after === undefined && key === clusterKey(key, serviceCidrs, defaultName)
        ? [clusterKey(key, namespaces, 'default')]
        : [],
    ),
  ],
  load: async () => (await import('./sync.ts')).syncDefault,
};
