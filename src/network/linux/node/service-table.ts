import { createHash } from 'node:crypto';
import { chainOf, mapOf, type NftChain, type NftSet, type NftTable, setOf } from '../firewall/nft-table.ts';
import { remembered } from '../firewall/remembered.ts';
import { byPrimary } from './by-primary.ts';
import { podLinkPrefix } from './pod-names.ts';
import type { ServicePlan, ServiceTarget, Targets } from './service-plan.ts';

/** On packets whose client is to be seen as the node: kube-proxy's bit. */
const hidden = '0x4000';

/**
 * The services of a cluster as a node carries them, in kube-proxy's way: maps lead a service's address to its chain, which
 * picks a target at random. What is the same plan is the same rules, and is not made again.
 * @param primaryAddress The node's: where node ports are, and what hides clients.
 */
export function serviceTable(plans: readonly ServicePlan[], primaryAddress: string): NftTable {
  const parts = plans.map(partsOf);
  const clusterIps = new Set(plans.map(({ clusterIp }) => clusterIp));
  // What a service has for its own no other takes from it by calling it an external address.
  const withExternal = (own: Elements, external: ReadonlyMap<string, Elements[number]>): Elements => [
    ...[...external].flatMap(([address, element]) => (clusterIps.has(address) ? [] : [element])),
    ...own,
  ];
  const hairpins = new Set(parts.flatMap((each) => each.hairpins));
  return {
    family: 'ip',
    name: 'services',
    sets: new Map<string, NftSet>([
      ['cluster_ips', setOf('ipv4_addr', clusterIps)],
      ['hairpins', setOf('ipv4_addr . ipv4_addr', hairpins)],
      [
        'service_ips',
        mapOf(
          'ipv4_addr . inet_proto . inet_service : verdict',
          parts.flatMap((each) => withExternal(each.ips, each.externalIps)),
        ),
      ],
      [
        'node_ports',
        mapOf(
          'inet_proto . inet_service : verdict',
          parts.flatMap((each) => each.nodePorts),
        ),
      ],
      [
        'ips_without_targets',
        mapOf(
          'ipv4_addr . inet_proto . inet_service : verdict',
          parts.flatMap((each) => withExternal(each.refusedIps, each.refusedExternalIps)),
        ),
      ],
      [
        'node_ports_without_targets',
        mapOf(
          'inet_proto . inet_service : verdict',
          parts.flatMap((each) => each.refusedNodePorts),
        ),
      ],
      ...parts.flatMap((each) => each.sets),
    ]),
    chains: new Map([...hookChains(primaryAddress), ...parts.flatMap((each) => each.chains)]),
  };
}

function hookChains(primaryAddress: string): readonly (readonly [string, NftChain])[] {
  const toServices = ['jump services'];
  const refusals = [
    'ip daddr . meta l4proto . th dport vmap @ips_without_targets',
    // A port that the service does not have.
    'ip daddr @cluster_ips goto refuse',
  ];
  return [
    // What ICMP says comes too early here: a socket that has not finished sending its SYN yet does not hear of it.
    ['refuse', chainOf(['meta l4proto tcp reject with tcp reset', 'reject'])],
    [
      'services',
      chainOf([
        'ip daddr . meta l4proto . th dport vmap @service_ips',
        `ip daddr ${primaryAddress} meta l4proto . th dport vmap @node_ports`,
      ]),
    ],
    ['prerouting', chainOf(toServices, 'type nat hook prerouting priority dstnat; policy accept;')],
    ['nat_output', chainOf(toServices, 'type nat hook output priority -100; policy accept;')],
    [
      'postrouting',
      chainOf(
        [
          // A pod that asks its own service would answer itself directly.
          `ip saddr . ip daddr @hairpins snat to ${primaryAddress} fully-random`,
          `meta mark & ${hidden} == ${hidden} snat to ${primaryAddress} fully-random`,
        ],
        'type nat hook postrouting priority srcnat; policy accept;',
      ),
    ],
    ['forward', chainOf(refusals, 'type filter hook forward priority filter - 10; policy accept;')],
    ['output', chainOf(refusals, 'type filter hook output priority filter - 10; policy accept;')],
    [
      'input',
      chainOf(
        [`ip daddr ${primaryAddress} meta l4proto . th dport vmap @node_ports_without_targets`],
        'type filter hook input priority filter - 10; policy accept;',
      ),
    ],
  ];
}

type Elements = readonly (readonly [key: string, verdict: string])[];

interface ServiceParts {
  readonly ips: Elements;
  /** By address. */
  readonly externalIps: ReadonlyMap<string, Elements[number]>;
  readonly nodePorts: Elements;
  readonly refusedIps: Elements;
  readonly refusedExternalIps: ReadonlyMap<string, Elements[number]>;
  readonly refusedNodePorts: Elements;
  readonly hairpins: readonly string[];
  readonly sets: readonly (readonly [string, NftSet])[];
  readonly chains: readonly (readonly [string, NftChain])[];
}

const partsOf = remembered((plan: ServicePlan): ServiceParts => {
  const { name, protocol, clusterIp, port, externalIps, nodePort, internal, external } = plan;
  const digest = createHash('sha256').update(`${name}/${protocol}`).digest('hex').slice(0, 16);
  const placesOf = (address: string): string => `${address} . ${protocol} . ${port}`;
  const externalPlaces = (verdict: string | undefined): ServiceParts['externalIps'] =>
    new Map(
      verdict === undefined ? [] : externalIps.map((each) => [each, [placesOf(each), verdict] as const]),
    );
  const node = nodePort === undefined ? [] : [`${protocol} . ${nodePort}`];
  const [inside, outside] = [`service_${digest}`, `external_${digest}`];
  const isOutside = externalIps.length + node.length > 0;
  const picks = pick(plan, `service_${digest}`, internal);
  const picksOutside = external === internal || !isOutside ? undefined : pick(plan, outside, external);
  return {
    ips: isList(internal) ? [[placesOf(clusterIp), `goto ${inside}`]] : [],
    externalIps: externalPlaces(isList(external) ? `goto ${outside}` : undefined),
    nodePorts: isList(external) ? node.map((each) => [each, `goto ${outside}`] as const) : [],
    refusedIps: isList(internal) ? [] : [[placesOf(clusterIp), verdictOf(internal)]],
    refusedExternalIps: externalPlaces(isList(external) ? undefined : verdictOf(external)),
    refusedNodePorts: isList(external) ? [] : node.map((each) => [each, verdictOf(external)] as const),
    hairpins: [internal, external].flatMap((targets) =>
      isList(targets)
        ? targets.flatMap(({ address, isLocal }) => (isLocal ? [`${address} . ${address}`] : []))
        : [],
    ),
    sets: [...picks.sets, ...(picksOutside?.sets ?? [])],
    chains: [
      ...(isList(internal) ? [[inside, chainOf(picks.rules)] as const, ...picks.chains] : []),
      ...(isList(external) && isOutside
        ? [
            [outside, chainOf(outsideRules(plan, inside, picksOutside?.rules))] as const,
            ...(picksOutside?.chains ?? []),
          ]
        : []),
    ],
  };
});

/** From outside: hidden behind the node, or with targets of this node alone, which only those who are here share out. */
function outsideRules(
  { hidesClients, internal }: ServicePlan,
  inside: string,
  picks: readonly string[] | undefined,
): readonly string[] {
  const marks = [`ct mark set ct mark | ${byPrimary}`, `meta mark set meta mark | ${byPrimary}`];
  const leads = [...marks, ...(picks ?? [`goto ${inside}`])];
  if (hidesClients) return [`meta mark set meta mark | ${hidden}`, ...leads];
  const own = isList(internal)
    ? [`iifname "${podLinkPrefix}*" goto ${inside}`, `fib saddr type local goto ${inside}`]
    : [];
  return [...own, ...leads];
}

interface Picks {
  readonly rules: readonly string[];
  readonly sets: readonly (readonly [string, NftSet])[];
  readonly chains: readonly (readonly [string, NftChain])[];
}

/** Every target is as likely as any other, but for clients that are known. */
function pick({ protocol, affinitySeconds }: ServicePlan, chain: string, targets: Targets): Picks {
  if (!isList(targets)) return { rules: [], sets: [], chains: [] };
  if (affinitySeconds === undefined) return { rules: leadTo(protocol, targets), sets: [], chains: [] };
  const each = targets.map((target) => {
    const digest = createHash('sha256').update(`${target.address}:${target.port}`).digest('hex').slice(0, 12);
    return { target, chain: `${chain}_${digest}`, clients: `clients_${chain}_${digest}` };
  });
  const verdicts = each.map((one, place) => `${place} : goto ${one.chain}`);
  return {
    rules: [
      ...each.map((one) => `ip saddr @${one.clients} goto ${one.chain}`),
      `numgen random mod ${each.length} vmap { ${verdicts.join(', ')} }`,
    ],
    sets: each.map(({ clients }) => {
      const declaration = `type ipv4_addr; flags dynamic,timeout; timeout ${affinitySeconds}s;`;
      return [clients, { kind: 'set', declaration, elements: new Map() }];
    }),
    chains: each.map((one) => [
      one.chain,
      chainOf([`update @${one.clients} { ip saddr }`, ...leadTo(protocol, [one.target])]),
    ]),
  };
}

/** Of more, one rule with a map picks: the kernel looks through all maps for a new one's name, so few services have one. */
const mostRules = 16;

function leadTo(protocol: ServicePlan['protocol'], targets: readonly ServiceTarget[]): readonly string[] {
  const { length } = targets;
  if (length <= mostRules) {
    return targets.map(({ address, port }, place) => {
      const left = length - place;
      const turn = left === 1 ? '' : `numgen random mod ${left} 0 `;
      return `${turn}meta l4proto ${protocol} dnat to ${address}:${port}`;
    });
  }
  const places = targets.map(({ address, port }, place) => `${place} : ${address} . ${port}`);
  return [
    `meta l4proto ${protocol} dnat ip addr . port to numgen random mod ${length} map { ${places.join(', ')} }`,
  ];
}

const isList = (targets: Targets): targets is readonly ServiceTarget[] => typeof targets !== 'string';

const verdictOf = (targets: 'drop' | 'reject'): string => (targets === 'drop' ? 'drop' : 'goto refuse');
