import { isIPv4 } from 'node:net';
import type { ServicePlan, ServiceTarget, Targets } from '../../network/index.ts';
import type { Endpoint, EndpointSlice, Service, ServicePort } from './objects.ts';

/** kube-proxy's default: three hours. */
const defaultAffinitySeconds = 10_800;

/** The node whose rules are planned. */
export interface PlannedNode {
  readonly name: string;
  /** Its `topology.kubernetes.io/zone`. */
  readonly zone?: string;
}

/**
 * How one node leads a service's ports to their targets; none of what has no address of its own. In the words of
 * upstream's proxy: ready endpoints, those that are meant for this node or its zone where all say for whom they are; where
 * none is ready, those that end but still serve.
 */
export function servicePlans(
  service: Service,
  slices: readonly EndpointSlice[],
  node: PlannedNode,
): readonly ServicePlan[] {
  const { metadata, spec = {} } = service;
  const { clusterIP, ports = [] } = spec;
  if (spec.type === 'ExternalName' || clusterIP === undefined || !isIPv4(clusterIP)) return [];
  const balancer = service.status?.loadBalancer?.ingress ?? [];
  const externalIps = [
    ...(spec.externalIPs ?? []),
    ...balancer.flatMap(({ ip, ipMode }) => (ip === undefined || ipMode === 'Proxy' ? [] : [ip])),
  ].filter(isIPv4);
  const affinitySeconds =
    spec.sessionAffinity === 'ClientIP'
      ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds)
      : undefined;
  const isInternalLocal = spec.internalTrafficPolicy === 'Local';
  const isExternalLocal = spec.externalTrafficPolicy === 'Local';
  return ports.map((port) => {
    const all = candidatesOf(slices, port, node);
    const cluster = chosenOf(nearOf(all));
    const local = isInternalLocal || isExternalLocal ? localOf(all) : cluster;
    return {
      name: `${metadata.namespace}/${metadata.name}${port.name === undefined ? '' : `:${port.name}`}`,
      protocol: protocolOf(port),
      ...{ clusterIp: clusterIP, port: port.port, externalIps: [...new Set(externalIps)] },
      ...(port.nodePort !== undefined && port.nodePort > 0 && { nodePort: port.nodePort }),
      internal: isInternalLocal ? local : cluster,
      external: isExternalLocal ? local : cluster,
      hidesClients: !isExternalLocal,
      ...(affinitySeconds !== undefined && { affinitySeconds }),
    };
  });
}

/** How many endpoints of this node a service's health check port tells of. */
export function localEndpoints(slices: readonly EndpointSlice[], nodeName: string): number {
  const ready = slices.flatMap(({ endpoints }) =>
    (endpoints ?? []).filter((each) => each.nodeName === nodeName && isReady(each)),
  );
  return new Set(ready.flatMap(({ addresses }) => addresses)).size;
}

interface Candidate extends ServiceTarget {
  readonly isReady: boolean;
  /** Whether it is meant for this node, by its hints; undefined: they do not say. */
  readonly isForNode: boolean | undefined;
  readonly isForZone: boolean | undefined;
}

function candidatesOf(
  slices: readonly EndpointSlice[],
  port: ServicePort,
  { name: nodeName, zone }: PlannedNode,
): readonly Candidate[] {
  const candidates = new Map<string, Candidate>();
  for (const { endpoints, ports } of slices) {
    const found = (ports ?? []).find(
      (each) =>
        (each.name ?? '') === (port.name ?? '') && (each.protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
    );
    const number = found?.port;
    if (number === undefined) continue;
    for (const each of endpoints ?? []) {
      const [address] = each.addresses;
      if (address === undefined || !isPossible(address, number)) continue;
      if (!isReady(each) && !isServingAtTheEnd(each)) continue;
      const target = {
        address,
        port: number,
        isLocal: each.nodeName === nodeName,
        isReady: isReady(each),
        isForNode: hintsAt(each.hints?.forNodes, nodeName),
        isForZone: hintsAt(each.hints?.forZones, zone),
      };
      const key = `${address}:${number}`;
      // In two slices for a moment: the one that is ready counts.
      if (!candidates.get(key)?.isReady) candidates.set(key, target);
    }
  }
  return [...candidates.values()].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}

const keyOf = ({ address, port }: ServiceTarget): string => `${address}:${port}`;

/** Absent means ready. */
const isReady = ({ conditions }: Endpoint): boolean => conditions?.ready ?? true;

function isServingAtTheEnd({ conditions }: Endpoint): boolean {
  return (conditions?.serving ?? false) && (conditions?.terminating ?? false);
}

const hintsAt = (
  hints: readonly { readonly name: string }[] | null | undefined,
  place: string | undefined,
): boolean | undefined =>
  hints === undefined || hints === null || hints.length === 0
    ? undefined
    : hints.some(({ name }) => name === place);

/**
 * Of ready ones those that are meant for this node, else for its zone: where each says for whom it is, and one is for it. One that
 * does not say is one that just changes, or nobody's wish.
 */
function nearOf(candidates: readonly Candidate[]): readonly Candidate[] {
  const ready = candidates.filter((each) => each.isReady);
  for (const isFor of ['isForNode', 'isForZone'] as const) {
    const near = ready.filter((each) => each[isFor]);
    if (near.length > 0 && ready.every((each) => each[isFor] !== undefined)) return near;
  }
  return candidates;
}

function chosenOf(candidates: readonly Candidate[]): Targets {
  const ready = candidates.filter((each) => each.isReady);
  const chosen = ready.length > 0 ? ready : candidates;
  return chosen.length === 0 ? 'reject' : chosen.map(targetOf);
}

/** Of this node alone. Where only other nodes have targets, what is sent here is lost. */
function localOf(candidates: readonly Candidate[]): Targets {
  const local = chosenOf(candidates.filter(({ isLocal }) => isLocal));
  return local === 'reject' && candidates.length > 0 ? 'drop' : local;
}

const targetOf = ({ address, port, isLocal }: Candidate): ServiceTarget => ({ address, port, isLocal });

function protocolOf({ protocol = 'TCP' }: ServicePort): ServicePlan['protocol'] {
  return protocol === 'UDP' ? 'udp' : protocol === 'SCTP' ? 'sctp' : 'tcp';
}

/** Of one target that it can't read the kernel would take no rules at all, of any service of the node. */
const isPossible = (address: string, port: number): boolean =>
  isIPv4(address) && Number.isInteger(port) && port >= 1 && port <= 65_535;
