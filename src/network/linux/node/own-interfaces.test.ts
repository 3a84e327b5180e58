import { describe, expect, it } from 'vitest';
import type { RuleTopology, SecurityGroupTopology } from '../../../topology/index.ts';
import { whyNoVpcs } from '../open.ts';
import { api, localAddress, nodeAddress, own, taskAddress, web } from '../testing/node-places.ts';
import type { NodePod } from './host-ports.ts';
import type { ServicePlan } from './service-plan.ts';
import { serviceTable } from './service-table.ts';

const why = await whyNoVpcs();
const world = '203.0.113.9';
const apart: NodePod = { ...own, isApart: true };

const rule = (id: string, cidr: string, port?: number): RuleTopology => ({
  id: `sgr-${id}`,
  traffic: port === undefined ? { protocol: 'all' } : { protocol: 'tcp', fromPort: port, toPort: port },
  peer: { type: 'cidrs', cidrs: [cidr] },
});
/** Lets in at port 80 those of `from`, and out whatever goes to `to`. */
const group = (from: string, to: string): SecurityGroupTopology => ({
  ...{ id: 'sg-0123456789abcdef0', ingress: [rule('in', from, 80)], egress: [rule('out', to)] },
});

async function openOwn(pod: NodePod, groups: readonly SecurityGroupTopology[] = []) {
  const { openNode } = await import('../testing/node.ts');
  const opened = await openNode([], groups);
  const { machine, node, join, attachOwn } = opened;
  for (const each of [web, api]) await join(each);
  await attachOwn();
  await join(pod);
  for (const name of ['web', 'own', 'task', 'node']) await machine.serve(name);
  return {
    ...{ ...opened, ask: (from: string, address: string, port = 80) => machine.connect(from, address, port) },
    [Symbol.asyncDispose]: async () => {
      await node[Symbol.asyncDispose]();
      await machine[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(why !== undefined)(`a pod with an interface for itself ${why ?? ''}`, () => {
  it('reaches and is reached by everybody by it, its own node too, whose answers it has all the same', async () => {
    await using opened = await openOwn(apart);
    const { machine, ask } = opened;
    expect(await ask('own', taskAddress)).toBe(own.address);
    expect(await ask('task', own.address)).toBe(taskAddress);
    expect(await ask('own', web.address)).toBe(own.address);
    expect(await ask('web', own.address)).toBe(web.address);
    expect(await ask('own', nodeAddress)).toBe(own.address);
    expect(await ask('node', own.address)).toBe(nodeAddress);
    expect(await ask('own', localAddress)).toBe(own.address);
    // Other pods are what they were.
    expect(await ask('api', web.address)).toBe(api.address);
    expect(await ask('api', localAddress)).toBe(api.address);
    expect(await ask('web', nodeAddress)).toBe(web.address);
    // Nobody lends it an address outside, and its own has none.
    await machine.runIn('host', 'ip', 'address', 'add', `${world}/32`, 'dev', 'lo');
    await machine.serve('host');
    expect(await ask('web', world)).toBe('198.51.100.7');
    expect(await ask('own', world)).toBeUndefined();
  });

  it('is in its own groups alone, also for who is on its node', async () => {
    await using opened = await openOwn(apart, [group(`${api.address}/32`, `${web.address}/32`)]);
    const { machine, ask } = opened;
    await machine.serve('own', 81);
    expect(await ask('api', own.address)).toBe(api.address);
    expect(await ask('api', own.address, 81)).toBeUndefined();
    for (const from of ['web', 'node', 'task']) expect(await ask(from, own.address), from).toBeUndefined();
    expect(await ask('own', web.address)).toBe(own.address);
    for (const to of [nodeAddress, taskAddress]) expect(await ask('own', to), to).toBeUndefined();
    expect(await ask('own', localAddress)).toBe(own.address);
  });

  it('is behind services, and asks them', async () => {
    await using opened = await openOwn(apart);
    const { node, ask } = opened;
    const service = (clusterIp: string, pod: NodePod): ServicePlan => {
      const targets = [{ address: pod.address, port: 80, isLocal: true }];
      return {
        ...{ name: `default/${pod.uid}:http`, protocol: 'tcp', clusterIp, port: 8_080, externalIps: [] },
        ...{ internal: targets, external: targets, hidesClients: true },
      };
    };
    const [toOwn, toWeb] = ['10.100.7.1', '10.100.7.2'];
    await node.setTable(serviceTable([service(toOwn, apart), service(toWeb, web)], nodeAddress));
    expect(await ask('api', toOwn, 8_080)).toBe(api.address);
    expect(await ask('node', toOwn, 8_080)).toBe(nodeAddress);
    expect(await ask('own', toWeb, 8_080)).toBe(own.address);
    // Itself, whom it sees as its node.
    expect(await ask('own', toOwn, 8_080)).toBe(nodeAddress);
  });

  it('is, where it is not apart, met on its node without its groups, and leaves the VPC as its node', async () => {
    await using opened = await openOwn(own, [group(`${taskAddress}/32`, `${taskAddress}/32`)]);
    const { machine, ask } = opened;
    expect(await ask('task', own.address)).toBe(taskAddress);
    expect(await ask('own', taskAddress)).toBe(own.address);
    expect(await ask('web', own.address)).toBe(web.address);
    expect(await ask('node', own.address)).toBe(nodeAddress);
    expect(await ask('own', web.address)).toBe(own.address);
    await machine.runIn('host', 'ip', 'address', 'add', `${world}/32`, 'dev', 'lo');
    await machine.serve('host');
    expect(await ask('own', world)).toBe('198.51.100.7');
  });

  it('is put right, and taken over by a new process', async () => {
    await using opened = await openOwn(apart);
    const { machine, node, open, join, network, ask } = opened;
    await machine.runIn('node', 'ip', 'link', 'delete', `eth${own.deviceIndex}`);
    expect(await ask('task', own.address)).toBeUndefined();
    await network.verify();
    await node.verify();
    expect(await ask('task', own.address)).toBe(taskAddress);
    await node[Symbol.asyncDispose]();
    await using next = open([web, api, apart]);
    expect(await ask('own', web.address)).toBe(own.address);
    await join(apart, next);
    expect(await ask('web', own.address)).toBe(web.address);
    await next.leave(own.uid);
    expect(await ask('web', own.address)).toBeUndefined();
    expect(await ask('api', web.address)).toBe(api.address);
  });
});
