import { type LabelSelector, type Labels, type SelectsLabels, selects } from '../../label-selector.ts';
import {
  allPorts,
  type PolicyPeer,
  type PolicyPort,
  type PolicyProtocol,
  type PolicyRules,
} from '../../network/index.ts';
import type { NetworkPolicy, PolicyPeerSpec, PolicyPortSpec } from './objects.ts';

/** A NetworkPolicy as it is judged by. */
export interface Policy {
  readonly namespace: string;
  /** Which pods of its namespace it isolates. */
  readonly selects: SelectsLabels;
  /** What it lets pass; undefined: it does not isolate in that direction. */
  readonly ingress?: PolicyRules;
  readonly egress?: PolicyRules;
  /** Whom its rules name by labels. */
  readonly groups: readonly PodGroup[];
  /** What they name by a port's name. */
  readonly namedPorts: readonly NamedPort[];
}

/** Pods by what they and their namespaces are. */
export interface PodGroup {
  /** The same for the same selectors. */
  readonly id: string;
  /** @param ofNamespace Labels of the pod's namespace, if it is known. */
  has(pod: { readonly namespace: string; readonly labels: Labels }, ofNamespace: Labels | undefined): boolean;
}

export interface NamedPort {
  readonly id: string;
  readonly name: string;
  readonly protocol: PolicyProtocol;
}

/** In the words of the API's reference: what a policy isolates, and whom it lets through. */
export function policyOf({ metadata, spec = {} }: NetworkPolicy): Policy {
  const namespace = metadata.namespace ?? '';
  const policy = `${namespace}/${metadata.name}`;
  const groups = new Map<string, PodGroup>();
  const namedPorts = new Map<string, NamedPort>();
  const { ingress = [], egress = [] } = spec;
  const types = spec.policyTypes ?? ['Ingress', ...(egress.length > 0 ? ['Egress'] : [])];
  const rulesOf = (
    rules: readonly {
      readonly peers?: readonly PolicyPeerSpec[];
      readonly ports?: readonly PolicyPortSpec[];
    }[],
  ): PolicyRules => ({
    policy,
    // Empty or missing: whoever, and wherever.
    rules: rules.map(({ peers = [], ports = [] }) => ({
      peers: peers.length === 0 ? 'all' : peers.flatMap(peersOf),
      ports: ports.length === 0 ? 'all' : ports.map(portOf),
    })),
  });
  return {
    ...{ namespace, selects: selects(spec.podSelector ?? {}) },
    ...(types.includes('Ingress') && {
      ingress: rulesOf(
        ingress.map(({ from, ports }) => ({ ...(from && { peers: from }), ...(ports && { ports }) })),
      ),
    }),
    ...(types.includes('Egress') && {
      egress: rulesOf(egress.map(({ to, ports }) => ({ ...(to && { peers: to }), ...(ports && { ports }) }))),
    }),
    ...{ groups: [...groups.values()], namedPorts: [...namedPorts.values()] },
  };

  function peersOf(peer: PolicyPeerSpec): readonly PolicyPeer[] {
    const { ipBlock } = peer;
    if (ipBlock === undefined) {
      const group = groupOf(peer, namespace);
      groups.set(group.id, group);
      return [{ type: 'group', id: group.id }];
    }
    return [{ type: 'block', cidr: ipBlock.cidr, except: ipBlock.except ?? [] }];
  }

  function portOf({ protocol: given, port, endPort }: PolicyPortSpec): PolicyPort {
    const protocol = protocolOf(given);
    if (typeof port !== 'string') {
      const range = port === undefined ? allPorts : { from: port, to: endPort ?? port };
      return { type: 'range', protocol, ...range };
    }
    const named = { id: `${protocol}/${port}`, name: port, protocol };
    namedPorts.set(named.id, named);
    return { type: 'named', id: named.id };
  }
}

/** Without a selector of namespaces, those of the policy's own. */
function groupOf({ podSelector = {}, namespaceSelector }: PolicyPeerSpec, own: string): PodGroup {
  const selectsPod = selects(podSelector);
  const id = (where: string | LabelSelector): string => JSON.stringify([where, podSelector]);
  if (namespaceSelector === undefined)
    return { id: id(own), has: ({ namespace, labels }) => namespace === own && selectsPod(labels) };
  const selectsNamespace = selects(namespaceSelector);
  return {
    id: id(namespaceSelector),
    has: ({ labels }, ofNamespace) =>
      ofNamespace !== undefined && selectsNamespace(ofNamespace) && selectsPod(labels),
  };
}

export function protocolOf(protocol = 'TCP'): PolicyProtocol {
  return protocol === 'UDP' ? 'udp' : protocol === 'SCTP' ? 'sctp' : 'tcp';
}
