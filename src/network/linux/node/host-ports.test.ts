import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { whyNoVpcs } from '../open.ts';
import type { TestMachine } from '../testing/machine.ts';
import {
  api,
  far,
  furtherAddress,
  localAddress,
  nodeAddress,
  taskAddress,
  web,
} from '../testing/node-places.ts';
import type { HostPort, NodePod } from './host-ports.ts';

const why = await whyNoVpcs();

const port = (changes: Partial<HostPort> = {}): HostPort => ({
  ...{ protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 8_080, containerPort: 80 },
  ...changes,
});
const withPorts = (pod: NodePod, ...hostPorts: readonly HostPort[]): NodePod => ({ ...pod, hostPorts });

/** Where there are no VPCs, what speaks to the kernel can't be loaded. */
const openNode = async () => (await import('../testing/node.ts')).openNode();

/** A socket for datagrams in a namespace. */
function datagrams(machine: TestMachine, name: string, port: number): Socket {
  const fd = machine.listen(name, { type: 'udp', address: '0.0.0.0', port });
  return createSocket('udp4').bind({ fd });
}

/** Answers with its name, and with what it was asked. */
function answering(machine: TestMachine, name: string, port: number): Disposable {
  const socket = datagrams(machine, name, port);
  socket.on('message', (asked, { address, port: from }) => socket.send(`${name} ${asked}`, from, address));
  return { [Symbol.dispose]: () => socket.close() };
}

/** Who asks again and again from one port: its questions are one flow. */
function asking(machine: TestMachine, name: string) {
  const socket = datagrams(machine, name, 5_000);
  let asked = 0;
  return {
    ask: async (address: string, port: number): Promise<string | undefined> => {
      asked += 1;
      const ask = () => socket.send(String(asked), port, address);
      // A link that has just been set up may lose the first one.
      const again = setInterval(ask, 1_000);
      try {
        ask();
        for (;;) {
          const [said] = await once(socket, 'message');
          const [who, question] = String(said).split(' ');
          if (question === String(asked)) return who;
        }
      } finally {
        clearInterval(again);
      }
    },
    [Symbol.dispose]: () => void socket.close(),
  };
}

describe.skipIf(why !== undefined)(`ports of a node ${why ?? ''}`, () => {
  it('lead whoever may reach the node to a pod, which sees who asks', async () => {
    const { machine, node, join } = await openNode();
    await using _machine = machine;
    await using _node = node;
    await join(withPorts(web, port()));
    for (const pod of [api, far]) await join(pod);
    await machine.serve('web');
    expect(await machine.connect('task', nodeAddress, 8_080)).toBe(taskAddress);
    expect(await machine.connect('api', nodeAddress, 8_080)).toBe(api.address);
    expect(await machine.connect('far', nodeAddress, 8_080)).toBe(far.address);
    // The node itself, and who shares its network; at its loopback, too, which the pod can't answer.
    expect(await machine.connect('node', nodeAddress, 8_080)).toBe(nodeAddress);
    expect(await machine.connect('node', '127.0.0.1', 8_080)).toBe(nodeAddress);
    // A pod that asks itself.
    expect(await machine.connect('web', nodeAddress, 8_080)).toBe(nodeAddress);
    expect(await machine.connect('task', nodeAddress, 8_081)).toBeUndefined();
    // What the node answers itself is none of its ports.
    expect(await machine.connect('api', localAddress, 8_080)).toBeUndefined();
    expect(await machine.connect('api', furtherAddress, 8_080)).toBeUndefined();
  });

  it('lead to pods of further interfaces, whose answers go the way that the question came', async () => {
    const { machine, node, join } = await openNode();
    await using _machine = machine;
    await using _node = node;
    await join(withPorts(far, port()));
    await join(web);
    await machine.serve('far');
    expect(await machine.connect('task', nodeAddress, 8_080)).toBe(taskAddress);
    expect(await machine.connect('web', nodeAddress, 8_080)).toBe(web.address);
  });

  it('are of one address or of all, and of one protocol', async () => {
    const { machine, node, join } = await openNode();
    await using _machine = machine;
    await using _node = node;
    await join(withPorts(web, port({ hostIp: '127.0.0.1' })));
    await join(withPorts(api, port({ hostIp: nodeAddress })));
    await join(withPorts(far, port({ protocol: 'udp', containerPort: 53 })));
    await machine.serve('web');
    await machine.serve('api');
    using _far = answering(machine, 'far', 53);
    using task = asking(machine, 'task');
    expect(await machine.connect('node', nodeAddress, 8_080)).toBe(nodeAddress);
    expect(await machine.connect('task', nodeAddress, 8_080)).toBe(taskAddress);
    expect(await machine.connect('node', '127.0.0.1', 8_080)).toBe(nodeAddress);
    expect(await task.ask(nodeAddress, 8_080)).toBe('far');
  });

  it('are nobody’s when their pod has gone, and the next one’s at once, whoever still asks', async () => {
    const { machine, node, join, open } = await openNode();
    await using _machine = machine;
    await join(withPorts(web, port({ protocol: 'udp' }), port()));
    using _web = answering(machine, 'web', 80);
    using _api = answering(machine, 'api', 80);
    using task = asking(machine, 'task');
    expect(await task.ask(nodeAddress, 8_080)).toBe('web');
    await node.leave(web.uid);
    await join(withPorts(api, port({ protocol: 'udp' }), port()));
    expect(await task.ask(nodeAddress, 8_080)).toBe('api');

    // Another process knows them before its pods have joined.
    await node[Symbol.asyncDispose]();
    await using _next = open([withPorts(api, port({ protocol: 'udp' }), port())]);
    expect(await task.ask(nodeAddress, 8_080)).toBe('api');
    await machine.serve('api');
    expect(await machine.connect('task', nodeAddress, 8_080)).toBe(taskAddress);
  });

  it('open nothing at the loopback to others', async () => {
    const { machine, node, join } = await openNode();
    await using _machine = machine;
    await using _node = node;
    await join(web);
    await machine.serveOn(machine.listen('node', { type: 'tcp', address: '127.0.0.5', port: 81 }));
    const inWeb = (command: string) => machine.runIn('web', 'busybox', 'sh', '-ec', command);
    await inWeb(
      'ip route del table local local 127.0.0.0/8 dev lo; echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet',
    );
    await inWeb('ip route add 127.0.0.5 via 169.254.1.1 dev eth0 onlink');
    expect(await machine.connect('node', '127.0.0.5', 81)).toBe('127.0.0.1');
    expect(await machine.connect('web', '127.0.0.5', 81)).toBeUndefined();
  });
});
