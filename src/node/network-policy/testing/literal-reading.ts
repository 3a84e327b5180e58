import { cidrBlock, holds, ipv4Number } from '../../../topology/index.ts';
import type { NetworkPolicy, PolicyPeerSpec, PolicyPod, PolicyPortSpec } from '../objects.ts';

export interface World {
  readonly namespaces: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
  }[];
  readonly pods: readonly PolicyPod[];
  readonly policies: readonly NetworkPolicy[];
}

export interface Connection {
  readonly from: string;
  readonly to: string;
  /** ICMP has no ports. */
  readonly protocol: 'ICMP' | 'SCTP' | 'TCP' | 'UDP';
  readonly port: number;
}

type Selector = NonNullable<PolicyPeerSpec['podSelector']>;

/**
 * What the API's reference says of NetworkPolicy, sentence by sentence and without any other thought: "For a connection from a
 * source pod to a destination pod to be allowed, both the egress policy on the source pod and the ingress policy on the
 * destination pod need to allow the connection."
 */
export function isAllowed(world: World, { from, to, protocol, port }: Connection): boolean {
  const [source, destination] = [podAt(world, from), podAt(world, to)];
  // "A pod cannot block access to itself."
  if (from === to) return true;
  return isAllowedIn('Egress', source, to) && isAllowedIn('Ingress', destination, from);

  function isAllowedIn(type: 'Egress' | 'Ingress', pod: PolicyPod | undefined, peer: string): boolean {
    if (pod === undefined) return true;
    const selecting = world.policies.filter(
      ({ metadata, spec }) =>
        metadata.namespace === pod.metadata.namespace &&
        isSelected(spec?.podSelector ?? {}, pod.metadata.labels) &&
        spec?.policyTypes?.includes(type),
    );
    // "By default, a pod is non-isolated."
    if (selecting.length === 0) return true;
    return selecting.some(({ metadata, spec }) => {
      const rules =
        type === 'Ingress'
          ? (spec?.ingress ?? []).map(({ from: peers, ports }) => ({ peers, ports }))
          : (spec?.egress ?? []).map(({ to: peers, ports }) => ({ peers, ports }));
      return rules.some(
        ({ peers = [], ports = [] }) =>
          (peers.length === 0 || peers.some((each) => isPeer(each, metadata.namespace ?? '', peer))) &&
          (ports.length === 0 || ports.some(isPort)),
      );
    });
  }

  function isPeer(spec: PolicyPeerSpec, ownNamespace: string, address: string): boolean {
    const { ipBlock, podSelector, namespaceSelector } = spec;
    if (ipBlock !== undefined) {
      const isIn = (cidr: string) => holds(cidrBlock(cidr), ipv4Number(address));
      return isIn(ipBlock.cidr) && !(ipBlock.except ?? []).some(isIn);
    }
    const pod = podAt(world, address);
    if (pod === undefined) return false;
    const { namespace, labels } = pod.metadata;
    const labelsOfNamespace = world.namespaces.find(({ name }) => name === namespace)?.labels;
    if (namespaceSelector === undefined) {
      return namespace === ownNamespace && isSelected(podSelector ?? {}, labels);
    }
    return isSelected(namespaceSelector, labelsOfNamespace) && isSelected(podSelector ?? {}, labels);
  }

  function isPort({ protocol: wanted = 'TCP', port: which, endPort }: PolicyPortSpec): boolean {
    if (wanted !== protocol) return false;
    if (which === undefined) return true;
    if (typeof which === 'number') return which <= port && port <= (endPort ?? which);
    const containers = destination?.spec?.containers ?? [];
    return containers.some(({ ports = [] }) =>
      ports.some(
        (each) => each.name === which && each.containerPort === port && (each.protocol ?? 'TCP') === protocol,
      ),
    );
  }
}

function podAt({ pods }: World, address: string): PolicyPod | undefined {
  return pods.find(
    ({ spec, status }) =>
      status?.podIP === address &&
      !spec?.hostNetwork &&
      status.phase !== 'Succeeded' &&
      status.phase !== 'Failed',
  );
}

function isSelected(selector: Selector, labels: Readonly<Record<string, string>> = {}): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  for (const [key, value] of Object.entries(matchLabels)) if (labels[key] !== value) return false;
  for (const { key, operator, values = [] } of matchExpressions) {
    const value = labels[key];
    if (operator === 'In' && !(value !== undefined && values.includes(value))) return false;
    if (operator === 'NotIn' && value !== undefined && values.includes(value)) return false;
    if (operator === 'Exists' && value === undefined) return false;
    if (operator === 'DoesNotExist' && value !== undefined) return false;
  }
  return true;
}
