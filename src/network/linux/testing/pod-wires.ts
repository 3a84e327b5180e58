import { Nftables } from '../nftables.ts';
import type { NodePod } from '../node/host-ports.ts';
import type { NodeNetwork } from '../node/node-network.ts';
import { podMacs } from '../node/pod-names.ts';
import { macOf } from '../router-parts.ts';
import { decodeFrame, encodeFrame, type TestPacket } from './frame.ts';
import type { TestMachine } from './machine.ts';
import { openNode } from './node.ts';
import { api, far, nodeAddress, taskAddress, web } from './node-places.ts';
import { PacketSocket } from './packet-socket.ts';
import { eniId } from './topologies.ts';

const task = 'task';

/** A node's pods, and a task of their VPC, with a hand on the other end of each link: no stack answers what is sent there. */
export class PodWires implements AsyncDisposable {
  readonly #machine: TestMachine;
  readonly node: NodeNetwork;
  /** By address. */
  readonly #sockets = new Map<string, PacketSocket>();
  readonly #macs = new Map<string, { sourceMac: string; destinationMac: string }>();
  readonly #sightings: { at: string; packet: TestPacket }[] = [];
  #fences = 0;

  private constructor(machine: TestMachine, node: NodeNetwork) {
    this.#machine = machine;
    this.node = node;
  }

  /** @param more Pods of the node beside those of `node-places.ts`. */
  static async of(more: readonly NodePod[]): Promise<PodWires> {
    const { machine, node, join } = await openNode(more.map(({ address }) => address));
    const wires = new PodWires(machine, node);
    try {
      for (const pod of [web, api, far, ...more]) {
        await join(pod);
        const macs = podMacs(pod.uid);
        wires.#hold(pod.uid, pod.address, { sourceMac: macs.pod, destinationMac: macs.node });
      }
      const eni = eniId(taskAddress);
      wires.#hold(task, taskAddress, {
        ...{ sourceMac: macOf(taskAddress), destinationMac: macOf(`${eni}/router`) },
      });
      return wires;
    } catch (error) {
      await wires[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Who can send and is seen, by address. */
  get addresses(): readonly string[] {
    return [...this.#sockets.keys()];
  }

  send(packet: TestPacket): void {
    const { source } = packet;
    const macs = this.#macs.get(source);
    if (macs === undefined) throw new Error(`There is no link of ${source}`);
    this.#sockets.get(source)?.send(encodeFrame({ ...macs, packet }));
  }

  /** Packets by their tag, as they arrived where their destination is, when all that was sent has got to where it goes. */
  async seen(): Promise<ReadonlyMap<number, TestPacket>> {
    for (let round = 0; round < 2; round += 1) await this.#fence();
    return new Map(
      this.#sightings.flatMap(({ at, packet }) => (packet.destination === at ? [[packet.tag, packet]] : [])),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets.values()) socket[Symbol.dispose]();
    await this.node[Symbol.asyncDispose]();
    await this.#machine[Symbol.asyncDispose]();
  }

  #hold(name: string, address: string, macs: { sourceMac: string; destinationMac: string }): void {
    const sandbox = this.#machine.namespace(name);
    using nftables = new Nftables(sandbox);
    nftables.run(silence);
    this.#sockets.set(address, new PacketSocket(sandbox, 'eth0'));
    this.#macs.set(address, macs);
  }

  /** What the node refuses, after all that was sent before on the same links. */
  async #fence(): Promise<void> {
    this.#fences += 1;
    const flow = 1_024 + this.#fences;
    const waiting = new Set(this.addresses);
    for (const source of waiting)
      this.send({ tag: 0, source, destination: nodeAddress, traffic: { protocol: 'tcp', port: 1 }, flow });
    for (let attempt = 0; waiting.size > 0; attempt += 1) {
      if (attempt === 20_000) throw new Error(`The node does not answer ${[...waiting].join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      for (const [at, socket] of this.#sockets)
        for (const frame of socket.received()) {
          const packet = decodeFrame(frame);
          if (packet !== undefined) this.#sightings.push({ at, packet });
          else if (isRefusal(frame, flow)) waiting.delete(at);
        }
    }
  }
}

function isRefusal(frame: Buffer, flow: number): boolean {
  return frame[23] === 6 && frame.readUInt16BE(36) === flow;
}

const silence = `table ip silence {
  chain prerouting { type filter hook prerouting priority raw; policy drop; }
}
`;
