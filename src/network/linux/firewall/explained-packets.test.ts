import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describe as describeStep,
  explainPacket,
  type Packet,
  type VpcTopology,
} from '../../../topology/index.ts';
import { anyPacketIn } from '../../../topology/testing/packets.ts';
import { anyTopology } from '../../../topology/testing/topologies.ts';
import { whyNoVpcs } from '../open.ts';
import { type Expectation, expectationOf } from '../testing/expectation.ts';
import { replyTo, type TestPacket } from '../testing/frame.ts';
import type { Sighting, Wires } from '../testing/wires.ts';

const why = await whyNoVpcs();

interface Told {
  readonly packet: Packet;
  readonly expectation: Expectation;
}

const packetsEach = 80;
const firstFlow = 20_000;
/** Tags of answers, from that of what they answer. */
const answer = 1_000;

const anyCase = anyTopology.chain((vpc) => {
  const packets = fc.array(anyPacketIn(vpc), { minLength: packetsEach, maxLength: packetsEach });
  // Of all that may be sent, too little goes to what every VPC has.
  const [
    {
      id: from,
      addresses: [sourceAddress = ''],
    } = { id: '', addresses: [] },
  ] = vpc.interfaces;
  const asking: Packet = { from, sourceAddress, to: '169.254.170.2', traffic: { protocol: 'tcp', port: 80 } };
  return fc.tuple(
    fc.constant(vpc),
    packets.map((all) => [...all, asking]),
  );
});

describe.skipIf(why !== undefined)(`packets in the kernel ${why ?? ''}`, () => {
  it('go where their explanation says, and nowhere else, and so do their answers', {
    timeout: 300_000,
  }, async () => {
    const { Wires } = await import('../testing/wires.ts');
    const counts = { dropped: 0, delivered: 0, left: 0, endpoints: 0, answered: 0 };
    const property = fc.asyncProperty(anyCase, async ([vpc, packets]) => {
      await using wires = await Wires.of(vpc);
      const told = send(wires, vpc, packets);
      const seen = await wires.seen();
      for (const [tag, { packet, expectation }] of told) {
        expect(placesOf(seen.get(tag)), storyOf(vpc, packet)).toEqual([...expectation.sightings].sort());
        const arrived = seen.get(tag)?.find(({ at }) => at === expectation.end);
        if (arrived !== undefined) wires.send(arrived.at, replyTo(arrived.packet, tag + answer));
      }
      const answers = await wires.seen();
      for (const [tag, { packet, expectation }] of told) {
        const expected = [...expectation.answerSightings].sort();
        expect(placesOf(answers.get(tag + answer)), `Answers: ${storyOf(vpc, packet)}`).toEqual(expected);
      }
      const endpoints = [...told.values()].flatMap(({ expectation: { endpoint } }) => endpoint ?? []);
      expect([...wires.answered].sort(), JSON.stringify(vpc)).toEqual([...new Set(endpoints)].sort());
      for (const { expectation } of told.values()) count(expectation);
    });
    await fc.assert(property, { numRuns: 8, endOnFailure: true });
    // A proof of everything that can happen, not of silence.
    for (const [kind, number] of Object.entries(counts)) expect(number, kind).toBeGreaterThan(0);

    function count({ sightings, endpoint, end }: Expectation): void {
      if (endpoint !== undefined) counts.endpoints += 1;
      else if (sightings.length === 0) counts.dropped += 1;
      else if (sightings.at(-1)?.startsWith('eni-')) counts.delivered += 1;
      else counts.left += 1;
      if (end !== undefined) counts.answered += 1;
    }
  });
});

/** @returns by tag, what was sent and what is to become of it. */
function send(wires: Wires, vpc: VpcTopology, packets: readonly Packet[]): ReadonlyMap<number, Told> {
  const told = new Map<number, Told>();
  const known = new Set<string>();
  for (const [index, packet] of packets.entries()) {
    const { from, to, traffic, sourceAddress: source = from } = packet;
    const explanation = explainPacket(vpc, packet);
    const isFromOutside = !from.startsWith('eni-');
    // Nobody outside is heard without a gateway; and what an interface says to itself is on no link.
    if (isFromOutside && !vpc.hasInternetGateway) continue;
    if (explanation.steps.some(({ stage }) => stage === 'loopback')) continue;
    // The router's answer would go to whom the address belongs.
    const isForged = vpc.interfaces.every(({ id, addresses }) => id !== from || !addresses.includes(source));
    if (isForged && explanation.steps.some(({ stage }) => stage === 'endpoint')) continue;
    const flowKey = flowOf(vpc, packet, index);
    if (flowKey === undefined || known.has(flowKey)) continue;
    known.add(flowKey);
    const tag = index + 1;
    told.set(tag, { packet, expectation: expectationOf(vpc, packet, explanation) });
    const sent: TestPacket = { tag, source, destination: to, traffic, flow: firstFlow + index };
    wires.send(isFromOutside ? vpc.id : from, sent);
  }
  return told;
}

/**
 * Of protocols without ports the kernel tells flows apart by their addresses alone, so that what goes the other way is an
 * answer. Undefined: between an address and itself, where everything is.
 */
function flowOf({ interfaces }: VpcTopology, packet: Packet, index: number): string | undefined {
  const { from, to, sourceAddress = from, traffic } = packet;
  if (typeof traffic.protocol !== 'number') return `${index}`;
  const pairs = interfaces.flatMap(({ publicAddresses }) => publicAddresses);
  const [one, other] = [sourceAddress, to]
    .map((address) => pairs.find(({ publicIpv4 }) => publicIpv4 === address)?.privateIpv4 ?? address)
    .sort();
  return one === other ? undefined : `${one} ${other} ${traffic.protocol}`;
}

function placesOf(sightings: readonly Sighting[] = []): readonly string[] {
  return sightings
    .map(({ at, packet: { source, destination } }) => `${at}: ${source} > ${destination}`)
    .sort();
}

function storyOf(vpc: VpcTopology, packet: Packet): string {
  const steps = explainPacket(vpc, packet).steps.map((step) => {
    return `  ${step.passes ? 'passes' : 'fails'}: ${describeStep(step)}`;
  });
  return [JSON.stringify(packet), ...steps, JSON.stringify(vpc)].join('\n');
}
