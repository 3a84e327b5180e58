import type { Endpoint, EndpointAddress, Endpoints } from './objects.ts';
import type { PortGroup } from './pod-endpoints.ts';

/** Addresses of a subset that are mirrored at most. */
const mostAddresses = 1_000;

const isIpv6 = (ip: string): boolean => ip.includes(':');

/** What somebody has written into an Endpoints object, as endpoints of slices, by family. */
export function mirrored({ subsets = [] }: Endpoints, addressType: string): readonly PortGroup[] {
  const isMeant = ({ ip }: EndpointAddress): boolean => isIpv6(ip) === (addressType === 'IPv6');
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }) => {
    const endpoints = [
      ...addresses.filter(isMeant).map((address) => endpointIn(address, true)),
      ...notReadyAddresses.filter(isMeant).map((address) => endpointIn(address, false)),
    ].slice(0, mostAddresses);
    const named = ports.map(({ name = '', ...port }) => ({ name, ...port }));
    return endpoints.length === 0 ? [] : [{ ports: named, endpoints }];
  });
}

const endpointIn = ({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint => ({
  addresses: [ip],
  conditions: { ready },
  ...(hostname !== undefined && { hostname }),
  ...(nodeName !== undefined && { nodeName }),
  ...(targetRef !== undefined && { targetRef }),
});
