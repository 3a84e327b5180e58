import type { InterfaceTopology, VpcTopology } from '../../../topology/index.ts';
import { hostLinkName } from '../link-name.ts';
import type { LinuxNetwork } from '../linux-network.ts';
import { Nftables } from '../nftables.ts';
import { hostLinkMacs, hostLinks, macOf } from '../router-parts.ts';
import { arpRequest, decodeFrame, encodeFrame, type TestPacket } from './frame.ts';
import { TestMachine } from './machine.ts';
import { etherTypes, PacketSocket } from './packet-socket.ts';

/** Where a packet was seen: an interface's id, or the VPC's or a NAT gateway's for their links to the host. */
export interface Sighting {
  readonly at: string;
  readonly packet: TestPacket;
}

/**
 * A VPC in the kernel with every interface in a sandbox of its own, and a hand on the other end of each link: packets
 * are made here and seen here, and no stack answers them.
 */
export class Wires implements AsyncDisposable {
  readonly #machine = new TestMachine();
  readonly #network: LinuxNetwork;
  readonly #sockets = new Map<string, PacketSocket>();
  readonly #sightings: Sighting[] = [];
  readonly #answered = new Set<string>();
  #vpc: VpcTopology;
  #fences = 0;

  private constructor(vpc: VpcTopology) {
    this.#vpc = vpc;
    this.#network = this.#machine.network({ publicCidr: '198.18.0.0/24' });
  }

  static async of(vpc: VpcTopology): Promise<Wires> {
    const wires = new Wires(vpc);
    try {
      await wires.#connect();
      return wires;
    } catch (error) {
      await wires[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The same interfaces under other rules. */
  async apply(vpc: VpcTopology): Promise<void> {
    this.#vpc = vpc;
    await this.#network.apply(vpc);
  }

  /** From an interface, or from outside by a link to the host. */
  send(from: string, packet: TestPacket, sourceMac?: string): void {
    const socket = this.#sockets.get(from);
    if (socket === undefined) throw new Error(`There is no link of ${from}`);
    const macs = this.#macsAt(from);
    socket.send(encodeFrame({ ...macs, ...(sourceMac && { sourceMac }), packet }));
  }

  /** Whether the router answers when somebody asks on an interface's link where its subnet's router is. */
  async answersArp(
    interfaceId: string,
    sender: { readonly mac: string; readonly address: string },
  ): Promise<boolean> {
    using socket = new PacketSocket(this.#machine.namespace(interfaceId), 'eth0', etherTypes.arp);
    socket.send(arpRequest(sender, '10.0.0.1'));
    await this.#fence();
    return socket.received().length > 0;
  }

  /** Where packets with the tag were seen, when all that was sent has got to where it goes. */
  async seen(): Promise<ReadonlyMap<number, readonly Sighting[]>> {
    // The longest way is out to the host and back, which is twice as far as to the router and back.
    for (let round = 0; round < 3; round += 1) await this.#fence();
    return Map.groupBy(this.#sightings, ({ packet }) => packet.tag);
  }

  /** What the router itself answered: `eni-… 10.0.0.2 udp 53`. */
  get answered(): ReadonlySet<string> {
    return this.#answered;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets.values()) socket[Symbol.dispose]();
    await this.#machine[Symbol.asyncDispose]();
  }

  async #connect(): Promise<void> {
    await this.#network.apply(this.#vpc);
    for (const { id } of this.#vpc.interfaces) {
      await this.#machine.attach(this.#network, id, id);
      const sandbox = this.#machine.namespace(id);
      using nftables = new Nftables(sandbox);
      nftables.run(silence);
      this.#sockets.set(id, new PacketSocket(sandbox, 'eth0'));
    }
    for (const { ownerId } of hostLinks(this.#vpc, undefined)) {
      this.#sockets.set(ownerId, new PacketSocket(this.#machine.host, hostLinkName(ownerId)));
    }
    // Nobody outside answers; not even that there is nobody.
    await this.#machine.runIn('host', 'ip', 'route', 'add', 'blackhole', 'default');
  }

  #macsAt(at: string): { sourceMac: string; destinationMac: string } {
    const sender = this.#vpc.interfaces.find(({ id }) => id === at);
    if (sender !== undefined) {
      return { sourceMac: sender.macAddress, destinationMac: macOf(`${at}/router`) };
    }
    const { host: sourceMac, router: destinationMac } = hostLinkMacs(at);
    return { sourceMac, destinationMac };
  }

  /** Packets that the router answers by itself, after all that was sent before on the same links. */
  async #fence(): Promise<void> {
    this.#fences += 1;
    const flow = 1_024 + this.#fences;
    if (flow >= firstFlow) throw new Error('Too many fences for one VPC');
    const waiting = new Set(this.#vpc.interfaces.map(({ id }) => id));
    for (const sender of this.#vpc.interfaces) this.send(sender.id, fencePacket(sender, flow));
    for (let attempt = 0; waiting.size > 0; attempt += 1) {
      if (attempt === 20_000) throw new Error(`The router does not answer ${[...waiting].join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      for (const [at, socket] of this.#sockets) {
        for (const frame of socket.received()) if (this.#take(at, frame) === flow) waiting.delete(at);
      }
    }
  }

  /** @returns which fence the frame answers. */
  #take(at: string, frame: Buffer): number | undefined {
    const packet = decodeFrame(frame);
    if (packet !== undefined) {
      this.#sightings.push({ at, packet });
      return undefined;
    }
    const answer = answerIn(frame);
    if (answer?.flow !== undefined && answer.flow < firstFlow) return answer.flow;
    if (answer !== undefined) this.#answered.add(`${at} ${answer.what}`);
    return undefined;
  }
}

/** Flows of tests have numbers from here on. */
const firstFlow = 10_000;

/** A stack's refusal of a connection or datagram, or its echo: of what, and in which flow. */
function answerIn(frame: Buffer): { what: string; flow?: number } | undefined {
  const source = [...frame.subarray(26, 30)].join('.');
  const [tcp, icmp] = [6, 1];
  if (frame[23] === tcp)
    return { what: `${source} tcp ${frame.readUInt16BE(34)}`, flow: frame.readUInt16BE(36) };
  if (frame[23] !== icmp) return undefined;
  const [echo, unreachable] = [0, 3];
  if (frame[34] === echo) return { what: `${source} icmp` };
  // What it is about follows, from its own header on.
  return frame[34] === unreachable
    ? { what: `${source} ${frame[51] === 17 ? 'udp' : frame[51]} ${frame.readUInt16BE(64)}` }
    : undefined;
}

const fenceAddress = '169.254.170.2';

/** Nobody listens there, so that the router's stack refuses the connection. */
function fencePacket({ addresses: [source = ''] }: InterfaceTopology, flow: number): TestPacket {
  return { tag: 0, source, destination: fenceAddress, traffic: { protocol: 'tcp', port: 80 }, flow };
}

const silence = `table ip silence {
  chain prerouting { type filter hook prerouting priority raw; policy drop; }
}
`;
