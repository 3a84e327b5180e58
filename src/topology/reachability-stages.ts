import { cidrBlock, holds, ipv4Number } from './ipv4.ts';
import { hasAddress, includesTraffic, type PacketTraffic } from './packet.ts';
import type {
  ReachabilityStep,
  RouteStep,
  SecurityGroupsStep,
  TranslationStep,
} from './reachability-step.ts';
import { routeFor, routeTableOf } from './routes.ts';
import type { InterfaceTopology, NatGatewayTopology, RulePeer, VpcTopology } from './topology.ts';

export function addressCheck(
  stage: 'source-check' | 'destination-check',
  networkInterface: InterfaceTopology,
  address: string,
): ReachabilityStep {
  const { id: interfaceId, checksSourceAndDestination: isChecked } = networkInterface;
  const passes = !isChecked || hasAddress(networkInterface, address);
  return { stage, passes, interfaceId, address, isChecked };
}

export function routeStep(
  stage: RouteStep['stage'],
  vpc: VpcTopology,
  subnetId: string,
  destination: string,
): RouteStep {
  const table = routeTableOf(vpc, subnetId);
  const route = routeFor(table, destination);
  const passes = route !== undefined && route.target.type !== 'blackhole';
  return { stage, passes, subnetId, routeTableId: table.id, destination, ...(route && { route }) };
}

/**
 * Replies that leave by another way than the packet came are no replies to anybody; but an interface that forwards may
 * be on their way.
 */
export function returnRoute(
  vpc: VpcTopology,
  receiver: InterfaceTopology,
  source: string,
  straight: 'local' | 'internet-gateway',
): RouteStep {
  const step = routeStep('return-route', vpc, receiver.subnetId, source);
  return { ...step, passes: step.passes && (step.route?.target.type === straight || isForwarded()) };

  function isForwarded(): boolean {
    const target = step.route?.target;
    if (straight !== 'local' || target?.type !== 'network-interface') return false;
    return vpc.interfaces.some(
      ({ id, checksSourceAndDestination }) => id === target.id && !checksSourceAndDestination,
    );
  }
}

export function securityGroups(
  stage: SecurityGroupsStep['stage'],
  vpc: VpcTopology,
  { id: interfaceId, securityGroupIds }: InterfaceTopology,
  peerAddress: string,
  traffic: PacketTraffic,
): SecurityGroupsStep {
  const allowedBy = allowingRule();
  const passes = allowedBy !== undefined;
  return { stage, passes, interfaceId, securityGroupIds, peerAddress, ...(allowedBy && { allowedBy }) };

  function allowingRule(): SecurityGroupsStep['allowedBy'] {
    for (const securityGroupId of securityGroupIds) {
      const rules = vpc.securityGroups.find(({ id }) => id === securityGroupId)?.[stage] ?? [];
      const rule = rules.find(
        (candidate) =>
          includesTraffic(candidate.traffic, traffic) && isPeer(vpc, candidate.peer, peerAddress),
      );
      if (rule !== undefined) return { securityGroupId, ruleId: rule.id };
    }
    return undefined;
  }
}

function isPeer(vpc: VpcTopology, peer: RulePeer, address: string): boolean {
  if (peer.type === 'cidrs') return peer.cidrs.some((cidr) => holds(cidrBlock(cidr), ipv4Number(address)));
  return vpc.interfaces.some(
    (candidate) => candidate.securityGroupIds.includes(peer.id) && hasAddress(candidate, address),
  );
}

export function natTranslation(
  { id: natGatewayId, publicIpv4 }: NatGatewayTopology,
  source: string,
  { protocol }: PacketTraffic,
): ReachabilityStep {
  const becomes = typeof protocol === 'number' ? undefined : publicIpv4;
  return { ...translation('source-translation', source, becomes), natGatewayId };
}

export function translation(
  stage: TranslationStep['stage'],
  address: string,
  becomes: string | undefined,
): TranslationStep {
  if (becomes === undefined) return { stage, passes: false, address };
  return { stage, passes: true, address, becomes };
}

export function internetGateway({ id: vpcId, hasInternetGateway }: VpcTopology): ReachabilityStep {
  return { stage: 'internet-gateway', passes: hasInternetGateway, vpcId };
}

export function nobody(stage: 'sender' | 'receiver', name: string): ReachabilityStep {
  return { stage, passes: false, name };
}
