import type {
  ExplainPacketRequest,
  ExplainPacketResponse,
  NetworkResponse,
  VpcDescription,
} from '../../cli/index.ts';
import type { PolicyAnswer, PolicyQuestion } from '../../node/index.ts';
import { Refusal } from '../../protocols/index.ts';
import {
  describe,
  explainPacket,
  type InterfaceTopology,
  isOfVpc,
  type PacketTraffic,
  parseIpv4,
  type SubnetTopology,
  type VpcTopology,
} from '../../topology/index.ts';

/** What the operator's questions about the network are answered from. */
export interface NetworkFacts {
  readonly vpcs: readonly VpcFacts[];
  /** ARN of the task by its interface's id. */
  readonly owners: ReadonlyMap<string, string>;
  /** Ids of the interfaces that are in the kernel of this machine. */
  readonly attached: ReadonlySet<string>;
  /** Names of the other machines, by id. */
  readonly otherMachines: ReadonlyMap<string, string>;
  /** What the network policies of a VPC's pods say of a packet. */
  readonly policies: (vpcId: string, question: PolicyQuestion) => readonly PolicyAnswer[];
}

export interface VpcFacts {
  readonly accountId: string;
  readonly region: string;
  readonly isDefault: boolean;
  readonly topology: VpcTopology;
  readonly subnets: ReadonlyMap<
    string,
    { readonly availabilityZone: string; readonly freeAddresses: number }
  >;
  /** By the interface's id. */
  readonly descriptions: ReadonlyMap<string, string>;
}

export function describeVpcs(facts: NetworkFacts): NetworkResponse['vpcs'] {
  return facts.vpcs.map((vpc) => describeVpc(vpc, facts));
}

function describeVpc(vpc: VpcFacts, { owners, attached, otherMachines }: NetworkFacts): VpcDescription {
  const { accountId, region, isDefault, topology } = vpc;
  const { id: vpcId, cidrs, hasInternetGateway } = topology;
  return {
    ...{ accountId, region, vpcId, isDefault, cidrs, hasInternetGateway },
    subnets: topology.subnets.map((subnet) => ({
      subnetId: subnet.id,
      cidr: subnet.cidr,
      availabilityZone: vpc.subnets.get(subnet.id)?.availabilityZone ?? '',
      isPublic: isPublic(topology, subnet),
      freeAddresses: vpc.subnets.get(subnet.id)?.freeAddresses ?? 0,
    })),
    interfaces: topology.interfaces.map((eni) => {
      const owner = owners.get(eni.id);
      const machine = otherMachines.get(eni.machineId ?? '');
      return {
        ...{ interfaceId: eni.id, subnetId: eni.subnetId, addresses: eni.addresses },
        publicAddresses: eni.publicAddresses.map(({ publicIpv4 }) => publicIpv4),
        securityGroupIds: eni.securityGroupIds,
        description: vpc.descriptions.get(eni.id) ?? '',
        ...(owner !== undefined && { owner }),
        ...(machine !== undefined && { machine }),
        isAttached: attached.has(eni.id),
      };
    }),
  };
}

/** "A subnet whose route table leads to an internet gateway" (Amazon VPC User Guide). */
function isPublic({ routeTables }: VpcTopology, { routeTableId }: SubnetTopology): boolean {
  const table = routeTables.find(({ id }) => id === routeTableId);
  return table?.routes.some(({ target }) => target.type === 'internet-gateway') ?? false;
}

type Explained = Omit<ExplainPacketResponse, 'why'>;

/**
 * Whether a packet may pass by the VPC's rules, and why.
 * @throws {Refusal} what is asked about is nowhere, or in two VPCs.
 */
export function explainPath(facts: NetworkFacts, request: ExplainPacketRequest): Explained {
  const from = nameOf(facts, request.from);
  const to = nameOf(facts, request.to);
  const inside = facts.vpcs.filter(({ topology }) => hasInterface(topology, from));
  const candidates =
    inside.length > 0 ? inside : facts.vpcs.filter(({ topology }) => hasInterface(topology, to));
  const narrowed =
    candidates.length > 1 ? candidates.filter(({ topology }) => knows(topology, to)) : candidates;
  const [vpc, other] = narrowed.length > 0 ? narrowed : candidates;
  if (vpc === undefined)
    throw invalid(`Neither ${request.from} nor ${request.to} is on the network: see ./catamaran net`);
  if (other !== undefined)
    throw invalid(
      `${request.from} is an address in ${vpc.topology.id} and in ${other.topology.id}: say which interface (eni-…) is meant`,
    );
  const { topology } = vpc;
  const explained = explainPacket(topology, { from, to, traffic: trafficOf(request) });
  const ends = { from: addressOf(topology, from), to: addressOf(topology, to) };
  // A node asks them before the packet leaves it, and when it has come.
  const answers = facts.policies(topology.id, { ...request, ...ends });
  const policies = (wanted: PolicyAnswer['direction']) =>
    answers
      .filter(({ direction }) => direction === wanted)
      .map(({ passes, sentence }) => ({ stage: `network-policy-${wanted}`, passes, sentence }));
  const steps = [
    ...policies('egress'),
    ...explained.steps.map((step) => ({ stage: step.stage, passes: step.passes, sentence: describe(step) })),
    ...policies('ingress'),
  ];
  return { vpcId: topology.id, from, to, passes: steps.every(({ passes }) => passes), steps };
}

/** Of an interface, its first. */
function addressOf({ interfaces }: VpcTopology, name: string): string {
  return interfaces.find(({ id }) => id === name)?.addresses[0] ?? name;
}

/** What a person calls it, as the topology calls it. */
function nameOf({ owners }: NetworkFacts, name: string): string {
  if (name.startsWith('eni-') || parseIpv4(name) !== undefined) return name;
  const id = name.split('/').at(-1);
  for (const [interfaceId, taskArn] of owners) if (taskArn.split('/').at(-1) === id) return interfaceId;
  throw invalid(
    `There is no task ${name} with a network interface: the id or ARN of a running awsvpc task, an interface (eni-…) or an address is expected`,
  );
}

function hasInterface({ interfaces }: VpcTopology, name: string): boolean {
  return interfaces.some((eni: InterfaceTopology) => {
    const addresses = [...eni.addresses, ...eni.publicAddresses.map(({ publicIpv4 }) => publicIpv4)];
    return eni.id === name || addresses.includes(name);
  });
}

const knows = (vpc: VpcTopology, name: string): boolean =>
  hasInterface(vpc, name) || (parseIpv4(name) !== undefined && isOfVpc(vpc, name));

function trafficOf({ protocol, port }: ExplainPacketRequest): PacketTraffic {
  if (protocol === 'icmp') return { protocol: 'icmp', type: 8, code: 0 };
  const isPort = port !== undefined && Number.isInteger(port) && port >= 0 && port <= 65_535;
  if ((protocol === 'tcp' || protocol === 'udp') && isPort) return { protocol, port };
  throw invalid('protocol is tcp, udp or icmp; tcp and udp have a port from 0 to 65535');
}

const invalid = (message: string): Refusal => new Refusal('InvalidRequest', message, { status: 400 });
