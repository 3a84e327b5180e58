import { createHash } from 'node:crypto';
import { ipv4Text } from '../../../topology/index.ts';
import { disjointBoxes, rangeText } from '../firewall/disjoint-boxes.ts';
import {
  chainOf,
  mapOf,
  type NftChain,
  type NftSet,
  type NftTable,
  rangesOf,
  setOf,
} from '../firewall/nft-table.ts';
import { remembered } from '../firewall/remembered.ts';
import { blockRanges } from './policy-blocks.ts';
import {
  type AddressGroup,
  allPorts,
  type IsolatedPod,
  type PolicyPeer,
  type PolicyPlan,
  type PolicyPort,
  type PolicyRules,
  type PortGroup,
} from './policy-plan.ts';

type Direction = 'egress' | 'ingress';
const directions = ['egress', 'ingress'] as const;

/**
 * The network policies of a node's pods as its kernel knows them. A pod's address leads to a chain of its own, which asks the
 * policies that select it and drops what none lets pass; a policy's chain is shared by the pods that it selects, and whom it
 * names by labels is in sets that all policies share. What is the same in the plan is the same rules, and is not made again.
 *
 * Packets are judged between the translation of their destination and that of their source: by the pod behind a service, and
 * by the client that asked. What the node itself sends passes, and what it is sent but for `answered`.
 * @param answered Addresses at which the node answers instead of somebody else: who asks there is judged as if it did not.
 */
export function policyTable(plan: PolicyPlan, answered: readonly string[]): NftTable {
  const { pods } = plan;
  const policies = new Map(
    directions.map((direction) => [direction, new Set(pods.flatMap((pod) => pod[direction] ?? []))]),
  );
  const parts = directions.flatMap((direction) =>
    [...(policies.get(direction) ?? [])].map((each) => policyParts[direction](each)),
  );
  return {
    family: 'ip',
    name: 'policies',
    sets: new Map<string, NftSet>([
      [
        'isolated',
        setOf(
          'ipv4_addr',
          pods.map(({ address }) => address),
        ),
      ],
      ['answered', setOf('ipv4_addr', answered)],
      ...directions.map((direction) => [`${direction}_of`, leadsOf(pods, direction)] as const),
      ...Array.from(plan.groups, ([id, group]) => [groupSet(id), addressesOf(group)] as const),
      ...Array.from(plan.namedPorts, ([id, group]) => [namedPortSet(id), placesOf(group)] as const),
      ...parts.flatMap(({ sets }) => sets),
    ]),
    chains: new Map<string, NftChain>([
      ...hookChains,
      ...parts.map(({ chain }) => chain),
      ...pods.flatMap((pod) => podChains(pod)),
    ]),
  };
}

/**
 * A flow that was cut is not taken up by what was still to be said in it: by the other end its direction would be another,
 * and nobody would have judged it.
 */
const unbegun = 'ct state new tcp flags & (fin | syn | rst | ack) != syn';

const hookChains: readonly (readonly [string, NftChain])[] = [
  // To accept ends a base chain and not the packet's way: the sender's policies have one, and the receiver's the next.
  [
    'egress',
    chainOf(
      [
        'ct state established,related accept',
        `ip saddr @isolated ${unbegun} drop`,
        `ip daddr @isolated ${unbegun} drop`,
        'ip saddr vmap @egress_of',
      ],
      'type filter hook forward priority filter + 10; policy accept;',
    ),
  ],
  [
    'ingress',
    chainOf(
      ['ct state established,related accept', 'ip daddr vmap @ingress_of'],
      'type filter hook forward priority filter + 20; policy accept;',
    ),
  ],
  [
    'to_node',
    chainOf(
      ['ct state established,related accept', 'ip daddr @answered ip saddr vmap @egress_of'],
      'type filter hook input priority filter + 10; policy accept;',
    ),
  ],
  [
    'from_node',
    chainOf(
      [`ip saddr @answered ip daddr @isolated ${unbegun} drop`],
      'type filter hook output priority filter + 10; policy accept;',
    ),
  ],
];

function leadsOf(pods: readonly IsolatedPod[], direction: Direction): NftSet {
  return mapOf(
    'ipv4_addr : verdict',
    pods.flatMap((pod) =>
      pod[direction] === undefined
        ? []
        : [[pod.address, `goto ${podChain(direction, pod.address)}`] as const],
    ),
  );
}

const podChains = remembered((pod: IsolatedPod): readonly (readonly [string, NftChain])[] =>
  directions.flatMap((direction) => {
    const policies = pod[direction];
    if (policies === undefined) return [];
    // A pod can't be kept from itself, though it asks by a service.
    const peer = direction === 'egress' ? 'ip daddr' : 'ip saddr';
    const jumps = policies.map(({ policy }) => `jump ${policyChain(direction, policy)}`);
    return [
      [
        podChain(direction, pod.address),
        chainOf([`${peer} ${pod.address} accept`, ...jumps, 'drop']),
      ] as const,
    ];
  }),
);

interface PolicyParts {
  readonly chain: readonly [string, NftChain];
  readonly sets: readonly (readonly [string, NftSet])[];
}

const policyParts = {
  egress: remembered((policy: PolicyRules) => partsOf(policy, 'egress')),
  ingress: remembered((policy: PolicyRules) => partsOf(policy, 'ingress')),
};

/** A set that its rules alone name is called after what is in it: it never changes, and others that need it share it. */
function partsOf({ policy, rules }: PolicyRules, direction: Direction): PolicyParts {
  const sets: [string, NftSet][] = [];
  const lines = rules.flatMap(({ peers, ports }) => {
    const byPort = ports === 'all' ? [''] : portMatches(ports, sets);
    const byPeer = peers === 'all' ? [''] : peerMatches(peers, direction, sets);
    return byPeer.flatMap((peer) => byPort.map((port) => `${peer}${port}accept`));
  });
  return { chain: [policyChain(direction, policy), chainOf([...new Set(lines)])], sets };
}

function peerMatches(
  peers: readonly PolicyPeer[],
  direction: Direction,
  sets: [string, NftSet][],
): readonly string[] {
  const address = direction === 'egress' ? 'ip daddr' : 'ip saddr';
  const groups = peers.flatMap((peer) =>
    peer.type === 'group' ? [`${address} @${groupSet(peer.id)} `] : [],
  );
  const ranges = blockRanges(peers.filter((peer) => peer.type === 'block')).map((range) =>
    rangeText(range, ipv4Text),
  );
  if (ranges.length === 0) return groups;
  const blocks = ranges.length === 1 ? ranges[0] : sharedSet('blocks', 'ipv4_addr', ranges, sets);
  return [...groups, `${address} ${blocks} `];
}

const numbers = { sctp: 132, tcp: 6, udp: 17 } as const;

function portMatches(ports: readonly PolicyPort[], sets: [string, NftSet][]): readonly string[] {
  const named = ports.flatMap((port) =>
    port.type === 'named' ? [`ip daddr . meta l4proto . th dport @${namedPortSet(port.id)} `] : [],
  );
  const ranges = ports.filter((port) => port.type === 'range');
  const [first, ...others] = ranges;
  if (first === undefined) return named;
  if (others.length === 0) {
    const { protocol, from, to } = first;
    const isEvery = from === allPorts.from && to === allPorts.to;
    const own = isEvery ? `meta l4proto ${protocol} ` : `${protocol} dport ${rangeText([from, to])} `;
    return [own, ...named];
  }
  const boxes = ranges.map(({ protocol, from, to }) => [
    [numbers[protocol], numbers[protocol]] as const,
    [from, to] as const,
  ]);
  const elements = disjointBoxes(boxes).map((box) => box.map((range) => rangeText(range)).join(' . '));
  return [
    `meta l4proto . th dport ${sharedSet('ports', 'inet_proto . inet_service', elements, sets)} `,
    ...named,
  ];
}

function sharedSet(
  kind: string,
  type: string,
  elements: readonly string[],
  sets: [string, NftSet][],
): string {
  const name = `${kind}_${digest(elements.join())}`;
  sets.push([name, rangesOf(type, elements)]);
  return `@${name}`;
}

const addressesOf = remembered(({ addresses }: AddressGroup) => setOf('ipv4_addr', addresses));
const placesOf = remembered(({ protocol, places }: PortGroup) =>
  setOf(
    'ipv4_addr . inet_proto . inet_service',
    Array.from(places, (place) => {
      const [address, port] = place.split(':');
      return `${address} . ${protocol} . ${port}`;
    }),
  ),
);

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
const podChain = (direction: Direction, address: string): string => `${direction}_of_${address}`;
const policyChain = (direction: Direction, policy: string): string => `${direction}_${digest(policy)}`;
const groupSet = (id: string): string => `group_${digest(id)}`;
const namedPortSet = (id: string): string => `port_${digest(id)}`;
