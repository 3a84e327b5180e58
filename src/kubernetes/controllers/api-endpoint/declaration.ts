import { type Collection, watching } from '../../../reconcile/index.ts';
import { type ApiEndpointRecord, apiEndpoints } from '../../records.ts';
import { endpointSlices, endpoints, keyWithin, services } from '../collections.ts';
import type { Controller } from '../controller.ts';
import type { Service } from '../endpoints/objects.ts';
import type { Kept } from '../objects.ts';

const isKubernetes = ({ metadata }: Kept): boolean =>
  metadata.name === 'kubernetes' && metadata.namespace === 'default';

const serviceOf = (key: string): string => keyWithin(key, services, 'default', 'kubernetes');

/** Whoever changes or deletes them gets them back. */
const own = <T extends Kept>(collection: Collection<T, string>) =>
  watching<T>(collection, ({ key, before, after }) =>
    [before, after].some((it) => it !== undefined && isKubernetes(it)) ? [serviceOf(key)] : [],
  );

/** Where pods reach the API server, as the endpoints of the Service `kubernetes`, which has no pods behind it. */
export const apiEndpointController: Controller<Service> = {
  name: 'api-endpoint',
  account: 'endpoint-controller',
  component: 'endpoint-controller',
  collection: services,
  concerns: isKubernetes,
  watches: () => [
    watching<ApiEndpointRecord>(apiEndpoints, ({ key }) => [serviceOf(key)]),
    own(endpoints),
    own(endpointSlices),
  ],
  load: async () => (await import('./sync.ts')).syncApiEndpoint,
};
