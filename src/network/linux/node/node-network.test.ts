import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NetworkError } from '../../network.ts';
import { whyNoVpcs } from '../open.ts';
import { api, far, localAddress, nodeAddress, taskAddress, web } from '../testing/node-places.ts';
import { podLinkName } from './pod-names.ts';

const why = await whyNoVpcs();
const never = new AbortController().signal;

const world = '203.0.113.9';

/** Where there are no VPCs, what speaks to the kernel can't be loaded. */
const openNode = async () => (await import('../testing/node.ts')).openNode();

describe.skipIf(why !== undefined)(`a node’s network namespace ${why ?? ''}`, () => {
  it('carries packets between pods, tasks, the node and the world', async () => {
    const { machine, node, join } = await openNode();
    await using _machine = machine;
    await using _node = node;
    for (const pod of [web, api, far]) await join(pod);
    for (const name of ['web', 'far', 'task', 'node']) await machine.serve(name);
    // Everybody sees who asks: nothing is translated within the VPC.
    expect(await machine.connect('api', web.address)).toBe(api.address);
    expect(await machine.connect('api', far.address)).toBe(api.address);
    expect(await machine.connect('far', web.address)).toBe(far.address);
    expect(await machine.connect('far', taskAddress)).toBe(far.address);
    expect(await machine.connect('task', far.address)).toBe(taskAddress);
    expect(await machine.connect('task', web.address)).toBe(taskAddress);
    expect(await machine.connect('web', nodeAddress)).toBe(web.address);
    expect(await machine.connect('web', localAddress)).toBe(web.address);
    expect(await machine.connect('task', localAddress)).toBeUndefined();
    expect(await machine.connect('node', web.address)).toBe(nodeAddress);
    // Out of the VPC a pod has its node's address, whichever interface its own is of.
    await machine.runIn('host', 'ip', 'address', 'add', `${world}/32`, 'dev', 'lo');
    await machine.serve('host');
    expect(await machine.connect('web', world)).toBe('198.51.100.7');
    expect(await machine.connect('far', world)).toBe('198.51.100.7');

    await node.leave(web.uid);
    await node.leave(web.uid);
    expect(await machine.connect('api', web.address)).toBeUndefined();
    expect(await machine.runIn('web', 'ip', '-br', 'link')).not.toContain('eth0');
  });

  it('lets no pod bear another’s address', async () => {
    const { machine, node, join } = await openNode();
    await using _machine = machine;
    await using _node = node;
    await join(web);
    await join(api);
    await machine.runIn('web', 'ip', 'address', 'add', `${far.address}/32`, 'dev', 'eth0');
    await expect(
      machine.runIn('web', 'busybox', 'ping', '-c1', '-W1', '-I', far.address, nodeAddress),
    ).rejects.toThrow();
    expect(await machine.canPing('web', nodeAddress)).toBe(true);
  });

  it('is taken over by a new process without a word, and put right', async () => {
    const { machine, node, join, open } = await openNode();
    await using _machine = machine;
    await join(web);
    await join(api);
    await node[Symbol.asyncDispose]();
    await using next = open([web, api]);
    expect(await machine.canPing('web', api.address)).toBe(true);
    // Whether each is up the kernel says a moment later.
    const links = async () =>
      (
        JSON.parse(await machine.runIn('node', 'ip', '-j', 'link')) as { ifindex: number; ifname: string }[]
      ).map(({ ifindex, ifname }) => [ifindex, ifname]);
    const before = await links();
    await join(web, next);
    await join(api, next);
    expect(await links()).toEqual(before);

    await machine.runIn('node', 'nft', 'flush', 'ruleset');
    await machine.runIn('web', 'ip', 'link', 'delete', 'eth0');
    await machine.runIn(
      'node',
      'ip',
      'route',
      'flush',
      'table',
      'main',
      'proto',
      '196',
      'dev',
      linkOf('api'),
    );
    expect(await machine.canPing('web', api.address)).toBe(false);
    await next.verify();
    expect(await machine.canPing('web', api.address)).toBe(true);
    expect(await machine.runIn('node', 'nft', 'list', 'tables')).toContain('table ip node');
  });

  it('takes away links of pods that are not known any more', async () => {
    const { machine, node, join, open } = await openNode();
    await using _machine = machine;
    await join(web);
    await join(api);
    await node[Symbol.asyncDispose]();
    await using _next = open([api]);
    await machine.until(
      async () => !(await machine.runIn('node', 'ip', '-br', 'link')).includes(linkOf('web')),
    );
    expect(await machine.canPing('api', nodeAddress)).toBe(true);
  });

  it('holds nothing open where it could not be opened', async () => {
    const { machine, node, open } = await openNode();
    await using _machine = machine;
    await using _node = node;
    const before = readdirSync('/proc/self/fd').length;
    expect(() => open([], 'no address')).toThrow(NetworkError);
    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
  });

  it('connects as the node does, and tells why it can’t', async () => {
    const { machine, node, join } = await openNode();
    await using _machine = machine;
    await using _node = node;
    await join(web);
    await machine.serve('web');
    const socket = await node.connect(web.address, 80, never);
    const heard = await new Promise<string>((resolve) =>
      socket.once('data', (data) => resolve(String(data))),
    );
    expect(heard).toBe(nodeAddress);
    socket.destroy();
    await expect(node.connect(web.address, 81, never)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const waiting = new AbortController();
    const silent = node.connect('10.0.1.99', 80, waiting.signal);
    waiting.abort(new Error('Asked too long'));
    await expect(silent).rejects.toThrow('Asked too long');
  });
});

const linkOf = (uid: string) => podLinkName(uid);
