import type { Resource } from '../kubelet/api/resources.ts';
import type { EndpointSlice, Service } from './objects.ts';

export const services: Resource<Service> = {
  ...{ group: '', version: 'v1', name: 'services', kind: 'Service', isNamespaced: true },
};
export const endpointSlices: Resource<EndpointSlice> = {
  ...{ group: 'discovery.k8s.io', version: 'v1', name: 'endpointslices', kind: 'EndpointSlice' },
  isNamespaced: true,
};
