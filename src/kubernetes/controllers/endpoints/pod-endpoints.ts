import type { ContainerPort, Pod } from '../objects.ts';
import { isReady, isTerminal } from '../pods.ts';
import { type Endpoint, type EndpointPort, isHeadless, type Service } from './objects.ts';

/** The endpoints of pods that serve on the same ports. */
export interface PortGroup {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

/** Where a pod is reached; undefined: nowhere yet, or no longer. */
export const addressOf = (pod: Pod): string | undefined =>
  isTerminal(pod) || (pod.status?.podIP ?? '') === '' ? undefined : pod.status?.podIP;

/** @param zoneOf Of a node, by its name. */
export function endpointOf(
  service: Service,
  pod: Pod,
  address: string,
  zoneOf: (node: string) => string | undefined,
): Endpoint {
  const { hostname, subdomain, nodeName } = pod.spec;
  const isServing = isReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec.publishNotReadyAddresses === true || (isServing && !terminating);
  const { namespace, name, uid } = pod.metadata;
  const zone = nodeName === undefined ? undefined : zoneOf(nodeName);
  return {
    addresses: [address],
    conditions: { ready, serving: isServing, terminating },
    ...(hostname !== undefined && subdomain === service.metadata.name && { hostname }),
    ...(nodeName !== undefined && { nodeName }),
    ...(zone !== undefined && { zone }),
    targetRef: { kind: 'Pod', ...(namespace !== undefined && { namespace }), name, uid },
    ...hintsOf(service, ready, nodeName, zone),
  };
}

/** Whom an endpoint is meant for first, where the service wants traffic to stay near. */
function hintsOf(
  { spec }: Service,
  ready: boolean,
  nodeName: string | undefined,
  zone: string | undefined,
): Pick<Endpoint, 'hints'> {
  const { trafficDistribution } = spec;
  if (trafficDistribution === undefined || !ready) return {};
  const forZones = zone === undefined ? undefined : [{ name: zone }];
  if (trafficDistribution !== 'PreferSameNode') return forZones === undefined ? {} : { hints: { forZones } };
  if (nodeName === undefined) return {};
  return { hints: { ...(forZones && { forZones }), forNodes: [{ name: nodeName }] } };
}

/** The service's ports on a pod; those that it has by no name are left out. */
export function portsOf({ spec }: Service, pod: Pod): readonly EndpointPort[] {
  return (spec.ports ?? []).flatMap(({ name = '', port, targetPort, protocol = 'TCP', appProtocol }) => {
    const number = targetPortOf(pod, targetPort ?? port, protocol);
    if (number === undefined) return [];
    return [{ name, port: number, protocol, ...(appProtocol !== undefined && { appProtocol }) }];
  });
}

function targetPortOf({ spec }: Pod, target: number | string, protocol: string): number | undefined {
  if (typeof target === 'number') return target;
  const isMeant = (port: ContainerPort): boolean =>
    port.name === target && (port.protocol ?? 'TCP') === protocol;
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...spec.containers, ...sidecars].flatMap(({ ports = [] }) => ports).find(isMeant)?.containerPort;
}

/** Of all pods that are reached, by the ports that they serve on. */
export function portGroups(
  service: Service,
  pods: readonly Pod[],
  zoneOf: (node: string) => string | undefined,
): readonly PortGroup[] {
  const groups = new Map<string, { ports: readonly EndpointPort[]; endpoints: Endpoint[] }>();
  for (const pod of pods) {
    const address = addressOf(pod);
    if (address === undefined) continue;
    const ports = portsOf(service, pod);
    if (ports.length === 0 && !(isHeadless(service) && (service.spec.ports ?? []).length === 0)) continue;
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(endpointOf(service, pod, address, zoneOf));
    groups.set(key, group);
  }
  return [...groups.values()];
}
