import { endpointsOf, isLinkLocal } from './endpoints.ts';
import { parseIpv4 } from './ipv4.ts';
import { hasAddress, includesTraffic, isOfVpc, type Packet, type PacketTraffic } from './packet.ts';
import {
  addressCheck,
  internetGateway,
  natTranslation,
  nobody,
  returnRoute,
  routeStep,
  securityGroups,
  translation,
} from './reachability-stages.ts';
import type { ReachabilityStep } from './reachability-step.ts';
import type { InterfaceTopology, VpcTopology } from './topology.ts';

export interface Reachability {
  /** Every step passes. */
  readonly passes: boolean;
  /** In the order in which the packet meets them, as far as its way is known: what is after an obstacle is told too. */
  readonly steps: readonly ReachabilityStep[];
}

/**
 * Whether a new flow may pass, and why. Security groups are stateful: whether replies are allowed is never asked, only
 * whether they have a route; and what was allowed once goes on when its rule is gone, unless the change interrupts it
 * (`interruption.ts`).
 *
 * Groups in rules mean the private addresses of their interfaces. What an interface sends to a public address goes out
 * by the internet gateway and comes back as anybody's packet would, with a public source: no rule knows its group then.
 * The resolver and the link-local services are the router's own, and not filtered.
 */
export function explainPacket(vpc: VpcTopology, packet: Packet): Reachability {
  const steps = [...beginning(packet.traffic), ...stepsOf(vpc, packet)];
  return { passes: steps.every(({ passes }) => passes), steps };
}

/** Echo, timestamp, information and address mask: other types answer something, or are about it. */
const icmpRequests: readonly number[] = [8, 13, 15, 17];

function beginning(traffic: PacketTraffic): readonly ReachabilityStep[] {
  if (traffic.protocol !== 'icmp' || icmpRequests.includes(traffic.type)) return [];
  return [{ stage: 'flow', passes: false, icmpType: traffic.type }];
}

function stepsOf(vpc: VpcTopology, packet: Packet): Iterable<ReachabilityStep> {
  const { from, to, traffic } = packet;
  const sender = vpc.interfaces.find((candidate) => isNamed(candidate, from));
  if (sender !== undefined) {
    const named = sender.publicAddresses.find(({ publicIpv4 }) => publicIpv4 === from)?.privateIpv4 ?? from;
    const source = packet.sourceAddress ?? (named === sender.id ? primaryAddress(sender) : named);
    return stepsOfInterface(vpc, sender, source, destinationOf(vpc, to), traffic);
  }
  if (parseIpv4(from) === undefined || isOfVpc(vpc, from)) return [nobody('sender', from)];
  const receiver = vpc.interfaces.find(({ id }) => id === to);
  if (receiver === undefined) return stepsFromInternet(vpc, from, to, traffic);
  const [first] = receiver.publicAddresses;
  if (first !== undefined) return stepsFromInternet(vpc, from, first.publicIpv4, traffic);
  return [internetGateway(vpc), translation('destination-translation', primaryAddress(receiver), undefined)];
}

function* stepsOfInterface(
  vpc: VpcTopology,
  sender: InterfaceTopology,
  source: string,
  destination: string,
  traffic: PacketTraffic,
): Generator<ReachabilityStep> {
  if (parseIpv4(destination) === undefined) return yield nobody('receiver', destination);
  if (hasAddress(sender, destination)) {
    return yield { stage: 'loopback', passes: true, interfaceId: sender.id };
  }
  yield addressCheck('source-check', sender, source);
  const endpoints = endpointsOf(vpc).filter(({ address }) => address === destination);
  if (endpoints.length > 0 || isLinkLocal(destination)) {
    const isOpen = endpoints.some(({ protocol, port }) =>
      includesTraffic({ protocol, fromPort: port, toPort: port }, traffic),
    );
    return yield { stage: 'endpoint', passes: isOpen, address: destination };
  }
  const route = routeStep('route', vpc, sender.subnetId, destination);
  yield route;
  yield securityGroups('egress', vpc, sender, destination, traffic);
  const target = route.route?.target;
  switch (target?.type) {
    case 'local':
      return yield* stepsWithin(vpc, source, destination, traffic);
    case 'network-interface': {
      const forwarder = vpc.interfaces.find(({ id }) => id === target.id);
      if (forwarder === undefined) return yield nobody('receiver', target.id);
      if (hasAddress(forwarder, destination)) {
        return yield* stepsWithin(vpc, source, destination, traffic);
      }
      yield* stepsInto(vpc, forwarder, source, destination, traffic);
      return yield { stage: 'forwarder', passes: true, interfaceId: forwarder.id };
    }
    case 'internet-gateway': {
      const becomes = publicAddressOf(vpc, source);
      yield translation('source-translation', source, becomes);
      return yield* stepsOverInternet(vpc, becomes, destination, traffic);
    }
    case 'nat-gateway': {
      const natGateway = vpc.natGateways.find(({ id }) => id === target.id);
      if (natGateway === undefined) return yield nobody('receiver', target.id);
      yield natTranslation(natGateway, source, traffic);
      const onward = routeStep('route', vpc, natGateway.subnetId, destination);
      // Nothing is behind the gateway but the internet.
      yield { ...onward, passes: onward.route?.target.type === 'internet-gateway' };
      return yield* stepsOverInternet(vpc, natGateway.publicIpv4, destination, traffic);
    }
  }
}

function* stepsWithin(
  vpc: VpcTopology,
  source: string,
  destination: string,
  traffic: PacketTraffic,
): Generator<ReachabilityStep> {
  const receiver = vpc.interfaces.find((candidate) => hasAddress(candidate, destination));
  if (receiver === undefined) return yield nobody('receiver', destination);
  yield* stepsInto(vpc, receiver, source, destination, traffic);
  yield returnRoute(vpc, receiver, source, 'local');
}

/** Out at the internet gateway, and in again where the destination is one of the VPC's own public addresses. */
function* stepsOverInternet(
  vpc: VpcTopology,
  source: string | undefined,
  destination: string,
  traffic: PacketTraffic,
): Generator<ReachabilityStep> {
  yield internetGateway(vpc);
  if (isOfVpc(vpc, destination)) return yield nobody('receiver', destination);
  const isOwn = vpc.interfaces.some(({ publicAddresses }) =>
    publicAddresses.some(({ publicIpv4 }) => publicIpv4 === destination),
  );
  const isNatGateway = vpc.natGateways.some(({ publicIpv4 }) => publicIpv4 === destination);
  if (source !== undefined && (isOwn || isNatGateway)) {
    const [, ...arrival] = stepsFromInternet(vpc, source, destination, traffic);
    yield* arrival;
  }
}

function* stepsFromInternet(
  vpc: VpcTopology,
  source: string,
  destination: string,
  traffic: PacketTraffic,
): Generator<ReachabilityStep> {
  yield internetGateway(vpc);
  const receiver = vpc.interfaces.find(({ publicAddresses }) =>
    publicAddresses.some(({ publicIpv4 }) => publicIpv4 === destination),
  );
  const becomes = receiver?.publicAddresses.find(({ publicIpv4 }) => publicIpv4 === destination)?.privateIpv4;
  yield translation('destination-translation', destination, becomes);
  if (receiver === undefined || becomes === undefined) return;
  yield* stepsInto(vpc, receiver, source, becomes, traffic);
  yield returnRoute(vpc, receiver, source, 'internet-gateway');
}

function* stepsInto(
  vpc: VpcTopology,
  receiver: InterfaceTopology,
  source: string,
  destination: string,
  traffic: PacketTraffic,
): Generator<ReachabilityStep> {
  yield addressCheck('destination-check', receiver, destination);
  yield securityGroups('ingress', vpc, receiver, source, traffic);
}

/** An interface's id becomes its primary address; what is an address, or nothing, stays. */
function destinationOf(vpc: VpcTopology, name: string): string {
  const named = vpc.interfaces.find(({ id }) => id === name);
  return named === undefined ? name : primaryAddress(named);
}

function isNamed(candidate: InterfaceTopology, name: string): boolean {
  if (candidate.id === name) return true;
  if (parseIpv4(name) === undefined) return false;
  return (
    hasAddress(candidate, name) || candidate.publicAddresses.some(({ publicIpv4 }) => publicIpv4 === name)
  );
}

function publicAddressOf(vpc: VpcTopology, privateAddress: string): string | undefined {
  return vpc.interfaces
    .flatMap(({ publicAddresses }) => publicAddresses)
    .find(({ privateIpv4 }) => privateIpv4 === privateAddress)?.publicIpv4;
}

function primaryAddress({ addresses: [primary = ''] }: InterfaceTopology): string {
  return primary;
}
