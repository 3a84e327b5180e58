import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { seededRandom, VirtualClock } from '../../clock/index.ts';
import { recordingLog } from '../../log.ts';
import { TestNodes } from '../../node/kubelet/testing/test-cluster.ts';
import type { MachineVpcs } from '../vpc/open-vpcs.ts';
import { PodNetworks } from './pod-networks.ts';
import type { NetworkedNode } from './serve-node-pods.ts';

/** Networks of nodes on a machine whose VPCs have no namespaces for them yet. */
async function openNetworks() {
  const directory = await mkdtemp(join(tmpdir(), 'catamaran-'));
  const clock = new VirtualClock(0);
  const made: string[] = [];
  const asked: string[] = [];
  const kernel = { takesRules: true };
  const network = {
    attach: async () => {},
    openNode: async () => ({
      isAt: () => true,
      openSocket: ({ address, port }: { readonly address: string; readonly port: number }) => {
        asked.push(`${address}:${port}`);
        throw new Error('EADDRINUSE');
      },
      setTable: async () => {
        if (!kernel.takesRules) throw new Error('no buffer space');
      },
      interrupt: async () => {},
      [Symbol.asyncDispose]: async () => {},
    }),
    nodeNamespace: async (instanceId: string) => {
      made.push(instanceId);
      throw new Error('no such VPC');
    },
    removeNode: async () => {},
  };
  const networks = new PodNetworks({
    ...{ clock, random: seededRandom(1), log: recordingLog(), directory, installationId: 'i' },
    vpcs: { network, names: { forwarder: {} } } as unknown as MachineVpcs,
    endpoint: 'http://127.0.0.1:1',
    runtime: { listSandboxes: async () => [] },
  });
  return {
    ...{ networks, clock, made, asked, directory, kernel },
    [Symbol.asyncDispose]: async () => {
      await networks[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
}

/** Of one cluster; it says when it signs in. */
const nodeOf = (instanceId: string, signedIn: string[]): NetworkedNode => ({
  instance: { instanceId, clusterId: 'H', clusterName: 'harbor', instanceType: 't3.medium' } as never,
  ...{ region: 'eu-west-1', vpcId: 'vpc-1', nodeName: instanceId },
  api: {
    ...{ endpoint: 'https://127.0.0.1:1', certificateAuthority: '' },
    token: async () => {
      signedIn.push(instanceId);
      throw new Error('nobody is let in');
    },
  },
  dnsAddress: '10.100.0.10',
  settings: {
    now: () => ({
      ...{ hasPodInterfaces: false, enforcingMode: 'strict', hasPrefixes: false, hasNetworkPolicies: true },
    }),
    onChange: () => ({ [Symbol.dispose]: () => {} }),
  },
  credentials: async () => ({ accessKeyId: 'a', secretAccessKey: 's' }),
  networkCredentials: async () => ({ accessKeyId: 'a', secretAccessKey: 's' }),
  functions: { has: () => true, onChange: () => ({ [Symbol.dispose]: () => {} }) },
});

it('makes nothing for a node any more once it has gone', async () => {
  await using world = await openNetworks();
  await world.networks.open(nodeOf('i-1', []));
  await vi.waitFor(async () => {
    await world.clock.advance(2_000);
    expect(world.made.length).toBeGreaterThan(1);
  });
  await world.networks.remove('i-1');
  const before = world.made.length;
  await world.clock.advance(60_000);
  expect(world.made).toHaveLength(before);
});

it('signs in as a node that is there when the first of a cluster has gone', async () => {
  await using world = await openNetworks();
  const signedIn: string[] = [];
  await world.networks.open(nodeOf('i-1', signedIn));
  await world.networks.open(nodeOf('i-2', signedIn));
  expect(new Set(signedIn)).toEqual(new Set(['i-1']));
  await world.networks.remove('i-1');
  signedIn.splice(0);
  await vi.waitFor(async () => {
    await world.clock.advance(30_000);
    expect(signedIn.length).toBeGreaterThan(0);
  });
  expect(new Set(signedIn)).toEqual(new Set(['i-2']));
});

describe('a node of a cluster that answers', () => {
  let cluster: TestNodes;
  beforeAll(async () => {
    cluster = await TestNodes.open();
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  const pod = { uid: 'u', namespace: 'shop', name: 'web', hostPorts: [] };
  const { signal } = new AbortController();

  /** Of Fargate, whose network is where its pod is. @param letIn Before it reads anything of its cluster. */
  async function nodeOfFargate(letIn: Promise<void> = Promise.resolve()): Promise<NetworkedNode> {
    const node = nodeOf('i-1', []);
    const launched = { networkInterfaceId: 'eni-1', privateIpv4: '10.0.1.5', subnetId: 'subnet-1' };
    const access = await cluster.access('i-1');
    return {
      ...node,
      instance: { ...node.instance, fargate: {}, launched } as never,
      api: { ...access, token: () => letIn.then(access.token) },
    };
  }

  it('answers pods once the port is free that a pod in its network had', async () => {
    await using world = await openNetworks();
    const { podNetwork } = await world.networks.open(await nodeOfFargate());
    const joining = podNetwork.join(pod, '/run/netns/u', signal);
    await vi.waitFor(async () => {
      await world.clock.advance(100);
      expect(world.asked).toEqual(['10.100.0.10:53']);
    });
    // It does not wait for what another pod may have for ever.
    await joining;
    await vi.waitFor(async () => {
      await world.clock.advance(1_000);
      expect(world.asked.length).toBeGreaterThan(1);
    });
  });

  it('lets no pod begin before it knows the Services of its cluster and has carried them out', async () => {
    await using world = await openNetworks();
    const letIn = Promise.withResolvers<void>();
    world.kernel.takesRules = false;
    const { podNetwork } = await world.networks.open(await nodeOfFargate(letIn.promise));
    let isJoined = false;
    const joining = podNetwork.join(pod, '/run/netns/u', signal).then(() => {
      isJoined = true;
    });
    await world.clock.advance(2_000);
    // Nobody is told that there is no such name by a node that has not looked.
    expect(world.asked).toEqual([]);
    letIn.resolve();
    await vi.waitFor(() => expect(world.asked).toEqual(['10.100.0.10:53']));
    await world.clock.advance(2_000);
    expect(isJoined).toBe(false);
    world.kernel.takesRules = true;
    await vi.waitFor(async () => {
      await world.clock.advance(1_100);
      expect(isJoined).toBe(true);
    });
    await joining;
  });
});

it('follows a cluster no longer whose only node could not be opened', async () => {
  const signedIn: string[] = [];
  const world = await openNetworks();
  await mkdir(join(world.directory, 'i-1'));
  await writeFile(join(world.directory, 'i-1', 'pod-addresses.json'), 'no JSON');
  await expect(world.networks.open(nodeOf('i-1', signedIn))).rejects.toThrow();
  expect(signedIn.length).toBeGreaterThan(0);
  await world[Symbol.asyncDispose]();
  signedIn.splice(0);
  await world.clock.advance(60_000);
  expect(signedIn).toEqual([]);
});
