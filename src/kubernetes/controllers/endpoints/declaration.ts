import { type State, type Watched, watching } from '../../../reconcile/index.ts';
import {
  clusterWide,
  endpointSlices,
  endpoints,
  nodes,
  pods,
  services,
  siblingKey,
  siblingsOf,
} from '../collections.ts';
import type { Controller } from '../controller.ts';
import { selectsAll } from '../label-selector.ts';
import type { Node } from '../node-fit.ts';
import type { Pod } from '../objects.ts';
import {
  type EndpointSlice,
  type Endpoints,
  endpointsManager,
  endpointsManagerLabel,
  labelOf,
  type Service,
  serviceNameLabel,
} from './objects.ts';

/** The services that a pod is, or was, selected by; found by the labels that it has. */
const ofPods = (state: State): Watched =>
  watching<Pod>(pods, ({ key, before, after }) => {
    const namespace = siblingsOf(key, services);
    return [before, after].flatMap((pod) =>
      Object.entries(pod?.metadata.labels ?? {}).flatMap(([name, value]) =>
        state
          .byIndex(services, 'selector', `${namespace}${name}=${value}`)
          .filter(({ value: service }) => selectsAll(service.spec.selector)(pod?.metadata.labels))
          .map((record) => record.key),
      ),
    );
  });

/** Where pods are, for programs that read slices. */
export const endpointSliceController: Controller<Service> = {
  account: 'endpointslice-controller',
  component: 'endpoint-slice-controller',
  collection: services,
  watches: (state) => [
    ofPods(state),
    watching<EndpointSlice>(endpointSlices, ({ key, before, after }) =>
      [before, after].flatMap((slice) => {
        const name = slice && labelOf(slice, serviceNameLabel);
        return name === undefined || name === '' ? [] : [siblingKey(key, services, name)];
      }),
    ),
    watching<Node>(nodes, ({ key, before, after }) =>
      zoneOf(before) === zoneOf(after)
        ? []
        : [...state.list(services, clusterWide(key, services))].map((record) => record.key),
    ),
  ],
  load: async () => (await import('./sync-slices.ts')).syncSlices,
};

const zoneOf = (node: Node | undefined): string | undefined =>
  node?.metadata.labels?.['topology.kubernetes.io/zone'];

/** Where pods are, for programs that read Endpoints. */
export const endpointsController: Controller<Service> = {
  account: 'endpoint-controller',
  component: 'endpoint-controller',
  collection: services,
  watches: (state) => [
    ofPods(state),
    watching<Endpoints>(endpoints, ({ key, before }) =>
      before === undefined ? [] : [siblingKey(key, services, before.metadata.name)],
    ),
  ],
  load: async () => (await import('./sync-endpoints.ts')).syncEndpoints,
};

/** Endpoints whose service is gone. */
export const abandonedEndpointsController: Controller<Endpoints> = {
  name: 'abandoned-endpoints',
  account: 'endpoint-controller',
  component: 'endpoint-controller',
  collection: endpoints,
  concerns: (object) => labelOf(object, endpointsManagerLabel) === endpointsManager,
  watches: (state) => [goneServices(state, true)],
  load: async () => (await import('./sync-endpoints.ts')).syncAbandoned,
};

/** What somebody else says of a service, as slices. */
export const mirroringController: Controller<Endpoints> = {
  account: 'endpointslicemirroring-controller',
  component: 'endpoint-slice-mirroring-controller',
  collection: endpoints,
  concerns: (object) => labelOf(object, endpointsManagerLabel) !== endpointsManager,
  watches: (state) => [goneServices(state, false)],
  load: async () => (await import('./sync-slices.ts')).syncMirror,
};

/** The Endpoints of a service that changes, or only of one that goes. */
const goneServices = (state: State, onlyGone: boolean): Watched =>
  watching<Service>(services, ({ key, after }) => {
    if (onlyGone && after !== undefined) return [];
    const own = siblingKey(key, endpoints, key.slice(key.lastIndexOf('/') + 1));
    return state.get(endpoints, own) === undefined ? [] : [own];
  });
