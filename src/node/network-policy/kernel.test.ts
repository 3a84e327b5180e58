import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policyTable, whyNoVpcs } from '../../network/index.ts';
import { replyTo, type TestPacket } from '../../network/linux/testing/frame.ts';
import { api, far, taskAddress, web } from '../../network/linux/testing/node-places.ts';
import { anyConnection, anyWorld } from './testing/any-world.ts';
import { indexOf } from './testing/indexed.ts';
import { type Connection, isAllowed, type World } from './testing/literal-reading.ts';

const why = await whyNoVpcs();
const more = Array.from({ length: 4 }, (_, at) => ({
  ...{ uid: `more-${at}`, address: `10.0.1.${13 + at}`, deviceIndex: 0, hostPorts: [] },
}));
const addresses = [web, api, far, ...more].map(({ address }) => address);
const everybody = [...addresses, taskAddress];
const packetsEach = 120;
const firstFlow = 20_000;
const answer = 100_000;

describe.skipIf(why !== undefined)(`policies in the kernel ${why ?? ''}`, () => {
  it('let pass what the words of their reference say, and every answer', { timeout: 300_000 }, async () => {
    const { PodWires } = await import('../../network/linux/testing/pod-wires.ts');
    await using wires = await PodWires.of(more);
    const counts = { arrived: 0, stopped: 0 };
    // Packets of SCTP would need its own handshake.
    const connection = anyConnection(everybody).filter(
      ({ protocol, from, to }) => protocol !== 'SCTP' && from !== to,
    );
    const connections = fc.array(connection, { minLength: packetsEach, maxLength: packetsEach });
    let tag = 0;
    const property = fc.asyncProperty(
      anyWorld(addresses, [taskAddress]),
      connections,
      async (world, tried) => {
        await wires.node.setTable(policyTable(indexOf(world).policiesOf('here').plan, []));
        const sent = new Map<number, { connection: Connection; packet: TestPacket }>();
        for (const connection of tried) {
          tag += 1;
          const packet = packetOf(connection, tag);
          sent.set(tag, { connection, packet });
          wires.send(packet);
        }
        const seen = await wires.seen();
        for (const [tag, { connection, packet }] of sent) {
          const expected = isAllowed(world, connection);
          expect(seen.has(tag), storyOf(world, connection)).toBe(expected);
          counts[expected ? 'arrived' : 'stopped'] += 1;
          if (expected) wires.send(replyTo(packet, tag + answer));
        }
        const answers = await wires.seen();
        for (const [tag, { connection }] of sent)
          expect(answers.has(tag + answer), `Answers: ${storyOf(world, connection)}`).toBe(seen.has(tag));
      },
    );
    await fc.assert(property, { numRuns: 25, endOnFailure: true });
    // A proof of both.
    expect(Math.min(counts.arrived, counts.stopped)).toBeGreaterThan(300);
  });
});

function packetOf({ from, to, protocol, port }: Connection, tag: number): TestPacket {
  const ends = { tag, source: from, destination: to, flow: firstFlow + (tag % 40_000) };
  if (protocol === 'ICMP') return { ...ends, traffic: { protocol: 'icmp', type: 8, code: 0 } };
  return { ...ends, traffic: { protocol: protocol === 'TCP' ? 'tcp' : 'udp', port } };
}

const storyOf = (world: World, connection: Connection): string =>
  JSON.stringify({ connection, world }, null, 1);
