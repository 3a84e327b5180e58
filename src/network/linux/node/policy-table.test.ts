import { createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../clock/index.ts';
import { whyNoVpcs } from '../open.ts';
import type { TestMachine } from '../testing/machine.ts';
import { api, far, localAddress, nodeAddress, taskAddress, web } from '../testing/node-places.ts';
import type { IsolatedPod, PolicyPlan, PolicyRule, PolicyRules } from './policy-plan.ts';
import { policyTable } from './policy-table.ts';
import type { ServicePlan } from './service-plan.ts';
import { serviceTable } from './service-table.ts';

const why = await whyNoVpcs();
const never = new AbortController().signal;
const clusterIp = '10.100.7.7';
/** The node's own as well, and nobody answers there instead of others. */
const ownAddress = '10.100.0.99';

const policy = (...rules: readonly PolicyRule[]): PolicyRules => ({ policy: 'default/web', rules });
const block = (cidr: string, ...except: readonly string[]): PolicyRule => ({
  ...{ peers: [{ type: 'block', cidr, except }], ports: 'all' },
});
const plan = (...pods: readonly IsolatedPod[]): PolicyPlan => ({
  ...{ pods, groups: new Map(), namedPorts: new Map() },
});

const service = (changes: Partial<ServicePlan> = {}): ServicePlan => {
  const targets = [{ address: web.address, port: 80, isLocal: true }];
  return {
    ...{ name: 'default/web:http', protocol: 'tcp', clusterIp, port: 8_080, externalIps: [] },
    ...{ internal: targets, external: targets, hidesClients: true, nodePort: 30_080 },
    ...changes,
  };
};

/** Both ends of a connection between two pods, and what each has heard. */
async function openConnection(machine: TestMachine, from: string, to: string, address: string) {
  const { connectIn } = await import('../connect.ts');
  const heard = { asking: '', answering: '' };
  const listen = (name: keyof typeof heard, socket: Socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      heard[name] += data;
    });
  };
  const port = 81;
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer(accepted.resolve);
  server.listen({ fd: machine.listen(to, { type: 'tcp', address: '0.0.0.0', port }) });
  const clock = systemClock();
  const asking = await connectIn(machine.namespace(from), { address, port }, { clock, signal: never });
  const answering = await accepted.promise;
  listen('asking', asking);
  listen('answering', answering);
  return {
    ...{ asking, answering, heard },
    [Symbol.asyncDispose]: async () => {
      asking.destroy();
      answering.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function openPolicies() {
  const { openNode } = await import('../testing/node.ts');
  const { machine, node, join, open } = await openNode();
  for (const pod of [web, api, far]) await join(pod);
  for (const name of ['web', 'api', 'far', 'task', 'node']) await machine.serve(name);
  const set = (...pods: readonly IsolatedPod[]) => node.setTable(policyTable(plan(...pods), [localAddress]));
  return {
    ...{ machine, node, join, open, set },
    ask: (from: string, address: string, port = 80) => machine.connect(from, address, port),
    [Symbol.asyncDispose]: async () => {
      await node[Symbol.asyncDispose]();
      await machine[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(why !== undefined)(`policies in a node’s kernel ${why ?? ''}`, () => {
  it('keep everybody from a pod but its node, and itself', async () => {
    await using policies = await openPolicies();
    const { set, ask } = policies;
    await set({ address: web.address, ingress: [policy()], egress: [policy()] });
    expect(await ask('api', web.address)).toBeUndefined();
    expect(await ask('task', web.address)).toBeUndefined();
    expect(await ask('web', api.address)).toBeUndefined();
    expect(await ask('web', taskAddress)).toBeUndefined();
    expect(await ask('node', web.address)).toBe(nodeAddress);
    expect(await ask('web', nodeAddress)).toBe(web.address);
    expect(await ask('web', web.address)).toBe(web.address);
    // Others are as they were.
    expect(await ask('api', far.address)).toBe(api.address);
    await set();
    expect(await ask('api', web.address)).toBe(api.address);
  });

  it('let through whom a block means, of tasks as well, and not whom it leaves out', async () => {
    await using policies = await openPolicies();
    const { set, ask } = policies;
    await set({ address: web.address, ingress: [policy(block('10.0.0.0/16', `${api.address}/32`))] });
    expect(await ask('api', web.address)).toBeUndefined();
    expect(await ask('far', web.address)).toBe(far.address);
    expect(await ask('task', web.address)).toBe(taskAddress);
    // What it was not kept from itself.
    expect(await ask('web', api.address)).toBe(web.address);
  });

  it('judge by the pod behind a service, and by who asked', async () => {
    await using policies = await openPolicies();
    const { node, set, ask } = policies;
    await node.setTable(serviceTable([service()], nodeAddress));
    await set(
      { address: web.address, ingress: [policy(block(`${taskAddress}/32`))] },
      { address: far.address, egress: [policy(block(`${web.address}/32`))] },
      { address: api.address, egress: [policy(block(`${clusterIp}/32`))] },
    );
    // Who is hidden behind the node is known by his own address.
    expect(await ask('task', nodeAddress, 30_080)).toBe(nodeAddress);
    expect(await ask('api', clusterIp, 8_080)).toBeUndefined();
    await set(
      { address: web.address, ingress: [policy(block(`${far.address}/32`))] },
      { address: far.address, egress: [policy(block(`${web.address}/32`))] },
    );
    expect(await ask('far', clusterIp, 8_080)).toBe(far.address);
    expect(await ask('task', nodeAddress, 30_080)).toBeUndefined();
    // A pod that is its own service's target.
    await set({ address: web.address, ingress: [policy()], egress: [policy()] });
    expect(await ask('web', clusterIp, 8_080)).toBe(nodeAddress);
  });

  it('judge who asks the node where it answers instead of others', async () => {
    await using policies = await openPolicies();
    const { machine, set, ask } = policies;
    await machine.runIn('node', 'ip', 'address', 'add', `${ownAddress}/32`, 'dev', 'lo');
    await set({ address: web.address, egress: [policy()] });
    expect(await ask('web', localAddress)).toBeUndefined();
    expect(await ask('web', ownAddress)).toBe(web.address);
    expect(await ask('api', localAddress)).toBe(api.address);
    await set({ address: web.address, egress: [policy(block(`${localAddress}/32`))] });
    expect(await ask('web', localAddress)).toBe(web.address);
  });

  it('end what had begun when it is cut, whoever has the next word', async () => {
    await using policies = await openPolicies();
    const { machine, node, set } = policies;
    await using connection = await openConnection(machine, 'api', 'web', web.address);
    const { asking, answering, heard } = connection;
    asking.write('one');
    await machine.until(() => heard.answering === 'one');
    await set({ address: web.address, ingress: [policy()] });
    // What a policy lets pass no more goes on.
    asking.write('two');
    await machine.until(() => heard.answering === 'onetwo');
    await node.interrupt(({ receiver }) => receiver === web.address);
    answering.write('three');
    asking.write('four');
    // Later on the same ways.
    expect(await machine.connect('node', web.address)).toBe(nodeAddress);
    expect(await machine.canPing('api', web.address)).toBe(false);
    expect(heard).toEqual({ asking: '', answering: 'onetwo' });
  });

  it('stay while nobody looks after them, and are changed without a word to what stays', async () => {
    await using policies = await openPolicies();
    const { machine, node, join, open } = policies;
    const rules = policy(block('10.0.0.0/16', `${api.address}/32`), {
      peers: [{ type: 'group', id: 'friends' }],
      ports: [
        { type: 'range', protocol: 'tcp', from: 80, to: 90 },
        { type: 'range', protocol: 'sctp', from: 0, to: 65_535 },
        { type: 'named', id: 'tcp/web' },
      ],
    });
    const isolated = { address: web.address, ingress: [rules] };
    const namedPorts = new Map([
      ['tcp/web', { protocol: 'tcp' as const, places: new Set([`${web.address}:80`]) }],
    ]);
    const tableWith = (...friends: readonly string[]) => {
      const groups = new Map([['friends', { addresses: new Set(friends) }]]);
      return policyTable({ pods: [isolated], groups, namedPorts }, [localAddress]);
    };
    await node.setTable(tableWith());
    await node[Symbol.asyncDispose]();
    expect(await machine.connect('api', web.address)).toBeUndefined();
    await using next = open([web, api, far]);
    for (const pod of [web, api, far]) await join(pod, next);
    expect(await machine.connect('api', web.address)).toBeUndefined();
    expect(await machine.connect('far', web.address)).toBe(far.address);
    await next.setTable(tableWith());
    const chains = async () =>
      (await machine.runIn('node', 'nft', '-a', 'list', 'table', 'ip', 'policies'))
        .split('\n')
        .filter((line) => line.includes('chain '));
    const before = await chains();
    await next.setTable(tableWith(api.address));
    expect(await machine.connect('api', web.address)).toBe(api.address);
    expect(await chains()).toEqual(before);
    // What somebody takes away is there again.
    await next.setTable(tableWith());
    await machine.runIn('node', 'nft', 'flush', 'ruleset');
    expect(await machine.connect('api', web.address)).toBe(api.address);
    await next.verify();
    expect(await machine.connect('api', web.address)).toBeUndefined();
    await next.setTable(policyTable(plan(), [localAddress]));
    const left = await machine.runIn('node', 'nft', 'list', 'table', 'ip', 'policies');
    expect(left).not.toContain(web.address);
  });
});
