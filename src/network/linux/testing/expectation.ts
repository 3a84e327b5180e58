import type { Packet, Reachability, VpcTopology } from '../../../topology/index.ts';

/** What an explanation means for the links of a VPC. */
export interface Expectation {
  /** Where the packet is seen and with which addresses: `eni-…: 10.0.0.4 > 10.0.0.5`. Out at a link to the host as well. */
  readonly sightings: readonly string[];
  /** Where it ends, if it can be answered there: an interface, or a link to the host. */
  readonly end?: string;
  /** Where that answer is seen. */
  readonly answerSightings: readonly string[];
  /** What the router answers: `eni-… 10.0.0.2 udp 53`. */
  readonly endpoint?: string;
}

export function expectationOf(
  vpc: VpcTopology,
  packet: Packet,
  { passes, steps }: Reachability,
): Expectation {
  const { from, to, sourceAddress = from, traffic } = packet;
  const isFromOutside = !from.startsWith('eni-');
  const sightings: string[] = [];
  let source = sourceAddress;
  let destination = to;
  let link = vpc.id;
  let end: string | undefined;
  for (const step of steps) {
    if (step.stage === 'endpoint' && step.passes && steps.every((each) => each.passes)) {
      const port = 'port' in traffic ? ` ${traffic.port}` : '';
      return { sightings, answerSightings: [], endpoint: `${from} ${to} ${traffic.protocol}${port}` };
    }
    if (!step.passes || step.stage === 'forwarder') break;
    if (step.stage === 'source-translation') {
      source = step.becomes ?? source;
      link = step.natGatewayId ?? link;
    }
    if (step.stage === 'destination-translation') destination = step.becomes ?? destination;
    if (step.stage === 'internet-gateway' && !isFromOutside) {
      end = link;
      sightings.push(`${end}: ${source} > ${destination}`);
    }
    if (step.stage === 'ingress') {
      end = step.interfaceId;
      sightings.push(`${end}: ${source} > ${destination}`);
    }
  }
  const isForged = steps.some(
    (step) => step.stage === 'source-check' && !ownsAddress(vpc, from, step.address),
  );
  const isForwarded = steps.some(({ stage }) => stage === 'forwarder');
  if (!passes || end === undefined || isForged || isForwarded) return { sightings, answerSightings: [] };
  const [forwarder] = steps.flatMap((step) => {
    const target = step.stage === 'return-route' ? step.route?.target : undefined;
    return target?.type === 'network-interface' ? [target.id] : [];
  });
  if (forwarder !== undefined)
    return { sightings, end, answerSightings: [`${forwarder}: ${destination} > ${source}`] };
  const crossesGateway = steps.some(({ stage }) => stage === 'destination-translation');
  const onTheWay = crossesGateway ? [`${vpc.id}: ${to} > ${source}`] : [];
  const back = isFromOutside ? [] : [`${from}: ${to} > ${sourceAddress}`];
  return { sightings, end, answerSightings: [...onTheWay, ...back] };
}

function ownsAddress({ interfaces }: VpcTopology, interfaceId: string, address: string): boolean {
  return interfaces.some(({ id, addresses }) => id === interfaceId && addresses.includes(address));
}
