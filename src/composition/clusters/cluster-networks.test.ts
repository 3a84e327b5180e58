import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { seededRandom, systemClock } from '../../clock/index.ts';
import { apiEndpointKey, apiEndpoints } from '../../kubernetes/records.ts';
import { recordingLog } from '../../log.ts';
import { whyNoVpcs } from '../../network/index.ts';
import { namesOfNamespaces, placePrefixOf } from '../../network/linux/namespace-names.ts';
import { eni, eniId, vpc } from '../../network/linux/testing/topologies.ts';
import { openState } from '../../reconcile/index.ts';
import { type ClusterRecord, clusterKey, clusters } from '../../services/eks/index.ts';
import { openMemoryStore } from '../../store/index.ts';
import { ClusterNetworks } from './cluster-networks.ts';

const why = await whyNoVpcs();
const never = new AbortController().signal;
const scope = { accountId: '111122223333', region: 'eu-west-1' };
const place = { ...scope, id: 'H' };
const key = clusterKey(scope, 'harbor');
const [first, second, task] = ['10.0.1.10', '10.0.1.11', '10.0.2.10'] as const;

const clusterAt = (...addresses: readonly string[]): ClusterRecord => ({
  ...{ id: 'H', name: 'harbor', arn: '', version: '1.36', roleArn: '', vpcId: vpc().id },
  ...{ subnetIds: [], securityGroupIds: [], serviceIpv4Cidr: '10.100.0.0/16', tags: {} },
  ...{ authenticationMode: 'API', deletionProtection: false, createdAt: 0 },
  networkInterfaces: addresses.map((privateIpv4) => ({
    ...{ id: eniId(privateIpv4), subnetId: '', privateIpv4 },
  })),
});

/** The API server of every cluster says whose it is and who asks. */
async function openNetworks() {
  await using stack = new AsyncDisposableStack();
  const clock = systemClock();
  const store = stack.adopt(openMemoryStore({ clock }), (it) => it.close());
  const state = stack.adopt(await openState(store, { clock }), (it) => it.close());
  const log = recordingLog();
  const networks = new ClusterNetworks({
    accept: ({ id }, socket) => socket.end(`${id} ${socket.remoteAddress}`),
    ...{ state, clock, random: seededRandom(1), log },
  });
  const moved = stack.move();
  const put = (record: ClusterRecord | undefined) =>
    state.transact((tx) => (record === undefined ? tx.delete(clusters, key) : tx.put(clusters, key, record)));
  const endpoints = () => state.get(apiEndpoints, apiEndpointKey(place))?.addresses ?? [];
  return { networks, put, endpoints, log, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

describe.skipIf(why !== undefined)(`a control plane in its VPC ${why ?? ''}`, () => {
  it('asks and is asked at its interfaces, as long as they are its own', async () => {
    const { TestMachine } = await import('../../network/linux/testing/machine.ts');
    await using machine = new TestMachine();
    const network = machine.network();
    await network.apply(vpc({ interfaces: [eni(first), eni(second), eni(task)] }));
    await machine.attach(network, eniId(task), 'task');
    await machine.serve('task');
    await using world = await openNetworks();
    const { networks, put, endpoints } = world;
    await put(clusterAt(first));
    await using _following = await networks.follow({ network: network as never });
    await machine.until(() => endpoints().join() === first);
    expect(await machine.connect('task', first, 443)).toBe(`H ${task}`);
    const asking = await networks.connect(place, { host: task, port: 80 }, never);
    expect(String((await once(asking, 'data'))[0])).toBe(first);

    await put(clusterAt(second));
    await machine.until(() => endpoints().join() === second);
    expect(await machine.connect('task', second, 443)).toBe(`H ${task}`);
    expect(await machine.connect('task', first, 443)).toBeUndefined();
    expect(network.attached().toSorted()).toEqual([eniId(second), eniId(task)].toSorted());

    await put(undefined);
    const names = () => namesOfNamespaces(placePrefixOf(machine.installationId));
    await machine.until(() => names().length === 0);
    await expect(networks.connect(place, { host: task, port: 80 }, never)).rejects.toThrow(
      'the control plane has no network interface in its VPC yet',
    );
    expect(world.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

it('a control plane reaches nobody where VPCs are not in the kernel, and says why', async () => {
  await using world = await openNetworks();
  const asked = () => world.networks.connect(place, { host: task, port: 80 }, never);
  await expect(asked()).rejects.toThrow('this machine has not opened its VPCs yet');
  await using _ = await world.networks.follow({ why: '--vpcs engine asks for networks of the Engine’s' });
  await world.put(clusterAt(first));
  await expect(asked()).rejects.toThrow(
    'is reached where VPCs are in this machine’s kernel, and --vpcs engine asks for',
  );
  expect(world.endpoints()).toEqual([]);
});
