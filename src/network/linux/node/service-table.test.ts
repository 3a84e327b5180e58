import { describe, expect, it } from 'vitest';
import { whyNoVpcs } from '../open.ts';
import { api, far, nodeAddress, taskAddress, web } from '../testing/node-places.ts';
import type { ServicePlan, ServiceTarget } from './service-plan.ts';
import { serviceTable } from './service-table.ts';

const why = await whyNoVpcs();
const clusterIp = '10.100.7.7';
const target = (address: string, isLocal = true): ServiceTarget => ({ address, port: 80, isLocal });

function service(changes: Partial<ServicePlan> = {}): ServicePlan {
  const targets = [target(web.address), target(far.address)];
  return {
    ...{ name: 'default/web:http', protocol: 'tcp', clusterIp, port: 8_080, externalIps: [] },
    ...{ internal: targets, external: changes.internal ?? targets, hidesClients: true },
    ...changes,
  };
}

it.each(['before', 'after'])('no service has by an external address what is another’s, be it %s it', (at) => {
  const own = service({ internal: 'reject', port: 443 });
  const other = service({ name: 'x/x:x', clusterIp: '10.100.9.9', port: 443, externalIps: [clusterIp] });
  const plans = at === 'before' ? [other, own] : [own, other];
  const { sets } = serviceTable(plans, nodeAddress);
  const place = `${clusterIp} . tcp . 443`;
  expect(sets.get('service_ips')?.elements.has(place)).toBe(false);
  expect(sets.get('ips_without_targets')?.elements.get(place)).toBe('goto refuse');
  const led = serviceTable(
    plans.map((plan) => (plan === own ? service({ port: 443 }) : plan)),
    nodeAddress,
  );
  expect(led.sets.get('service_ips')?.elements.get(place)).toMatch(/^goto service_/);
});

/** Where there are no VPCs, what speaks to the kernel can't be loaded. */
async function openServices() {
  const { openNode } = await import('../testing/node.ts');
  const { machine, node, join } = await openNode();
  for (const pod of [web, api, far]) await join(pod);
  for (const name of ['web', 'far', 'task', 'node']) await machine.serve(name);
  const set = (...plans: readonly ServicePlan[]) => node.setTable(serviceTable(plans, nodeAddress));
  const ask = (from: string, address = clusterIp, port = 8_080) => machine.connect(from, address, port);
  return {
    ...{ machine, node, set, ask },
    [Symbol.asyncDispose]: async () => {
      await node[Symbol.asyncDispose]();
      await machine[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(why !== undefined)(`services in a node’s kernel ${why ?? ''}`, () => {
  it('lead a pod, and the node itself, to one of their targets', async () => {
    await using services = await openServices();
    const { machine, set, ask } = services;
    await set(service());
    const from = new Set<string | undefined>();
    for (let asked = 0; asked < 20; asked += 1) from.add(await ask('api'));
    expect([...from]).toEqual([api.address]);
    expect(await ask('node')).toBe(nodeAddress);
    const many = Array.from({ length: 20 }, () => target(web.address));
    await set(service({ internal: many }));
    expect(await ask('api')).toBe(api.address);
    // A pod that is its own target sees the node.
    await set(service({ internal: [target(web.address)] }));
    expect(await ask('web')).toBe(nodeAddress);
    // Targets elsewhere in the VPC.
    await set(service({ internal: [target(taskAddress, false)] }));
    expect(await ask('far')).toBe(far.address);
    await set();
    expect(await ask('api')).toBeUndefined();
    expect(await machine.runIn('node', 'nft', 'list', 'table', 'ip', 'services')).not.toContain(clusterIp);
  });

  it('refuse where there is nobody, and at ports that they do not have', async () => {
    await using services = await openServices();
    const { machine, set } = services;
    await set(service({ internal: 'reject', nodePort: 30_080 }));
    const failure = (address: string, port: number, seconds = 50) =>
      machine.runIn('api', 'busybox', 'nc', `-w${seconds}`, address, String(port)).then(
        () => 'connected',
        (error: Error & { stderr?: string }) => String(error.stderr ?? error),
      );
    expect(await failure(clusterIp, 8_080)).toContain('refused');
    expect(await failure(nodeAddress, 30_080)).toContain('refused');
    await set(service());
    expect(await failure(clusterIp, 9_999)).toContain('refused');
    // Others have targets: what comes here is lost, and nobody is told.
    await set(service({ internal: 'drop' }));
    expect(await failure(clusterIp, 8_080, 1)).not.toContain('refused');
  });

  it('are reached by a port of the node, which hides who asks, or leads to its own pods alone', async () => {
    await using services = await openServices();
    const { set, ask } = services;
    const nodePort = { nodePort: 30_080, internal: [target(web.address)] };
    await set(service(nodePort));
    expect(await ask('task', nodeAddress, 30_080)).toBe(nodeAddress);
    // To another node, and back by this one.
    await set(service({ ...nodePort, internal: [target(taskAddress, false)] }));
    expect(await ask('api', nodeAddress, 30_080)).toBe(nodeAddress);
    // What bears the node's address goes by its primary interface, also of pods with an address of a further one: as who
    // asks, and as who answers.
    expect(await ask('far', nodeAddress, 30_080)).toBe(nodeAddress);
    await set(service({ ...nodePort, internal: [target(far.address)] }));
    expect(await ask('task', nodeAddress, 30_080)).toBe(nodeAddress);
    await set(service({ ...nodePort, hidesClients: false, external: [target(far.address)] }));
    expect(await ask('task', nodeAddress, 30_080)).toBe(taskAddress);
    const local = { ...nodePort, hidesClients: false, external: [target(web.address)] };
    await set(service(local));
    expect(await ask('task', nodeAddress, 30_080)).toBe(taskAddress);
    await set(service({ ...local, external: 'drop' }));
    expect(await ask('task', nodeAddress, 30_080)).toBeUndefined();
  });

  it('have external addresses', async () => {
    await using services = await openServices();
    const { set, ask } = services;
    await set(service({ externalIps: ['192.0.2.80'] }));
    expect(await ask('api', '192.0.2.80')).toBe(nodeAddress);
  });

  it('lead a client where it went before, for as long as they shall', async () => {
    await using services = await openServices();
    const { machine, set } = services;
    await machine.serve('web', 81);
    await machine.serve('far', 82);
    // Whom one got is told by the port that answers.
    const both = [
      { address: web.address, port: 81, isLocal: true },
      { address: far.address, port: 82, isLocal: true },
    ];
    await set(service({ internal: both, affinitySeconds: 600 }));
    const chains = async () => {
      await machine.connect('api', clusterIp, 8_080);
      const table = await machine.runIn('node', 'nft', 'list', 'table', 'ip', 'services');
      return [...table.matchAll(/set (clients_\S+) \{[^}]*elements = \{ 10\.0\.1\.12/g)].map(
        ([, name]) => name,
      );
    };
    const first = await chains();
    expect(first).toHaveLength(1);
    for (let asked = 0; asked < 10; asked += 1) expect(await chains()).toEqual(first);
  });

  it('change while they are used without a word to what stays', async () => {
    await using services = await openServices();
    const { machine, node, set } = services;
    const others = Array.from({ length: 200 }, (_, at) =>
      service({ name: `default/other-${at}`, clusterIp: `10.100.8.${at + 1}` }),
    );
    await set(service(), ...others);
    const handles = async () =>
      (await machine.runIn('node', 'nft', '-a', 'list', 'table', 'ip', 'services'))
        .split('\n')
        .filter((line) => line.includes('chain service_'));
    const before = await handles();
    await set(service({ internal: [target(web.address)] }), ...others);
    expect(await handles()).toEqual(before);
    expect(await machine.connect('api', clusterIp, 8_080)).toBe(api.address);
    await node.verify();
    expect(await handles()).toEqual(before);
  });
});
