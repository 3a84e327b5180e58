import type { Pod } from '../objects.ts';
import { isReady } from '../pods.ts';
import type { EndpointAddress, EndpointPort, EndpointSubset, Service } from './objects.ts';
import { addressOf, endpointOf, portsOf } from './pod-endpoints.ts';

/** Addresses in an Endpoints object at most. */
const mostAddresses = 1_000;

/** What an Endpoints object says of a service's pods: by ports, those that are ready and those that are not. */
export function subsetsOf(
  service: Service,
  pods: readonly Pod[],
): { readonly subsets: readonly EndpointSubset[]; readonly isTruncated: boolean } {
  const publishes = service.spec.publishNotReadyAddresses === true;
  const reached = pods
    .flatMap((pod) => {
      const ip = addressOf(pod);
      const isMeant = publishes || pod.metadata.deletionTimestamp === undefined;
      return ip === undefined || !isMeant ? [] : [{ pod, ip, isReady: publishes || isReady(pod) }];
    })
    // Who is ready is not left out for who is not.
    .toSorted((one, other) => Number(other.isReady) - Number(one.isReady) || compare(one.ip, other.ip));
  const groups = new Map<string, Group>();
  for (const { pod, ip, isReady: isUp } of reached.slice(0, mostAddresses)) {
    const ports = portsOf(service, pod);
    if (ports.length === 0 && (service.spec.ports ?? []).length > 0) continue;
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, addresses: [], notReadyAddresses: [] };
    groups.set(key, group);
    group[isUp ? 'addresses' : 'notReadyAddresses'].push(addressIn(service, pod, ip));
  }
  const subsets = [...groups.values()].map(({ ports, addresses, notReadyAddresses }) => ({
    ...(addresses.length > 0 && { addresses }),
    ...(notReadyAddresses.length > 0 && { notReadyAddresses }),
    ...(ports.length > 0 && { ports: ports.map(plainPort) }),
  }));
  return { subsets, isTruncated: reached.length > mostAddresses };
}

interface Group {
  readonly ports: readonly EndpointPort[];
  readonly addresses: EndpointAddress[];
  readonly notReadyAddresses: EndpointAddress[];
}

/** A port without a name has none here. */
const plainPort = ({ name, ...port }: EndpointPort): EndpointPort => ({
  ...(name !== undefined && name !== '' && { name }),
  ...port,
});

function addressIn(service: Service, pod: Pod, ip: string): EndpointAddress {
  const { hostname, nodeName, targetRef } = endpointOf(service, pod, ip, () => undefined);
  return {
    ip,
    ...(hostname !== undefined && { hostname }),
    ...(nodeName !== undefined && { nodeName }),
    ...(targetRef !== undefined && { targetRef }),
  };
}

const compare = (one: string, other: string): number => one.localeCompare(other, 'en', { numeric: true });
