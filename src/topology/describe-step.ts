import type {
  ReachabilityStep,
  RouteStep,
  SecurityGroupsStep,
  SourceDestinationCheck,
  TranslationStep,
} from './reachability-step.ts';
import type { RouteTarget } from './topology.ts';

/** A step of a packet's way as one English sentence. */
export function describe(step: ReachabilityStep): string {
  switch (step.stage) {
    case 'flow':
      return `ICMP type ${step.icmpType} begins no flow: it passes only where it belongs to one.`;
    case 'sender':
      return `Nothing in the VPC is ${step.name}, so nothing can be sent from there.`;
    case 'receiver':
      return `Nothing in the VPC is ${step.name}, so nothing gets there.`;
    case 'loopback':
      return `${step.interfaceId} talks to itself, which never leaves it.`;
    case 'source-check':
    case 'destination-check':
      return describeCheck(step);
    case 'endpoint':
      return step.passes
        ? `${step.address} is answered by the VPC's router, whatever security groups say.`
        : `${step.address} is for the VPC's router alone, which does not answer this protocol and port there.`;
    case 'route':
    case 'return-route':
      return describeRoute(step);
    case 'egress':
    case 'ingress':
      return describeGroups(step);
    case 'source-translation':
    case 'destination-translation':
      return describeTranslation(step);
    case 'internet-gateway':
      return `${step.vpcId} has ${step.passes ? 'an' : 'no'} internet gateway attached.`;
    case 'forwarder':
      return `${step.interfaceId} is given the packet and forwards it on its own account.`;
  }
}

function describeCheck({ stage, passes, interfaceId, address, isChecked }: SourceDestinationCheck): string {
  if (!isChecked) return `${interfaceId} does not check sources and destinations.`;
  const end = stage === 'source-check' ? 'source' : 'destination';
  if (passes) return `The ${end} ${address} is an address of ${interfaceId}.`;
  return `The ${end} ${address} is no address of ${interfaceId}, which checks sources and destinations.`;
}

function describeRoute({ stage, passes, subnetId, routeTableId, destination, route }: RouteStep): string {
  const what = stage === 'route' ? `packets to ${destination}` : `replies to ${destination}`;
  const table = `${routeTableId} of ${subnetId}`;
  if (route === undefined) return `${table} has no route for ${what}.`;
  const decision = `${table} routes ${what} by ${route.destination} to ${describeTarget(route.target)}`;
  return passes ? `${decision}.` : `${decision}, which does not lead there.`;
}

function describeTarget(target: RouteTarget): string {
  switch (target.type) {
    case 'local':
      return 'the VPC itself';
    case 'internet-gateway':
      return 'the internet gateway';
    case 'nat-gateway':
    case 'network-interface':
      return target.id;
    case 'blackhole':
      return 'something that is gone (a blackhole)';
  }
}

function describeGroups(step: SecurityGroupsStep): string {
  const { stage, interfaceId, securityGroupIds, peerAddress, allowedBy } = step;
  const direction = stage === 'egress' ? `egress to ${peerAddress}` : `ingress from ${peerAddress}`;
  if (allowedBy !== undefined) {
    return `${allowedBy.ruleId} of ${allowedBy.securityGroupId} allows ${interfaceId} this ${direction}.`;
  }
  const groups = securityGroupIds.join(', ') || 'which there are none';
  return `No rule of the security groups of ${interfaceId} (${groups}) allows this ${direction}.`;
}

function describeTranslation({ stage, address, becomes, natGatewayId }: TranslationStep): string {
  const end = stage === 'source-translation' ? 'source' : 'destination';
  const where = natGatewayId ?? 'the internet gateway';
  if (becomes !== undefined) return `At ${where} the ${end} ${address} becomes ${becomes}.`;
  if (natGatewayId !== undefined) {
    return `${natGatewayId} translates only TCP, UDP and ICMP, and only if it has a public address.`;
  }
  if (end === 'source')
    return `The source ${address} has no public address, so the internet gateway drops it.`;
  return `The destination ${address} is not a public address of an interface.`;
}
