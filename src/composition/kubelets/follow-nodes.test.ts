import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { seededRandom, VirtualClock } from '../../clock/index.ts';
import { recordingLog } from '../../log.ts';
import { type Collection, openState, recordKey } from '../../reconcile/index.ts';
import {
  clusterKey,
  clusters,
  type NodeInstanceRecord,
  nodeInstanceKey,
  nodeInstances,
  nodeReportKey,
  nodeReports,
} from '../../services/eks/index.ts';
import { openMemoryStore } from '../../store/index.ts';
import { followNodes } from './follow-nodes.ts';
import { nodeHome } from './node-home.ts';
import type { NodeParts } from './start-node.ts';

const scope = { accountId: '111122223333', region: 'eu-west-1' };
const controlPlanes: Collection<object> = { service: 'kubernetes', noun: 'control-plane', indexes: {} };

const instance: NodeInstanceRecord = {
  ...{ instanceId: 'i-1', clusterName: 'harbor', clusterId: 'H', nodegroupName: 'blue', nodeRole: 'r' },
  ...{ instanceType: 't3.medium', isSpot: false, share: { cpu: 410, memoryMiB: 4_096 } },
  capacity: { cpuMillis: 2_000, memoryMiB: 4_096, pods: 17, diskGiB: 20 },
  ...{ version: '1.36', releaseVersion: 'new', labels: {}, taints: [], createdAt: 0 },
  launched: {
    ...{ networkInterfaceId: 'eni-1', privateIpv4: '10.0.0.4', privateDnsName: 'ip-10-0-0-4' },
    ...{ subnetId: 's', availabilityZone: 'eu-west-1a', at: 0 },
  },
};

it('ends an instance whose node never gets to be registered', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'catamaran-'));
  const clock = new VirtualClock(0);
  await using state = await openState(openMemoryStore({ clock }), { clock });
  const key = nodeInstanceKey(scope, 'i-1');
  await state.transact((tx) => {
    const cluster = { id: 'H', name: 'harbor', vpcId: 'vpc-1', serviceIpv4Cidr: '10.100.0.0/16' };
    tx.put(clusters, clusterKey(scope, 'harbor'), cluster as never);
    tx.put(controlPlanes, recordKey(controlPlanes, scope.accountId, scope.region, 'H'), {
      ...{ endpoint: 'https://127.0.0.1:1', certificateAuthority: '' },
    });
    tx.put(nodeInstances, key, instance);
  });
  const released: string[] = [];
  let tries = 0;
  const parts = {
    ...{ state, directory, installationId: 'i', clock, random: seededRandom(1), log: recordingLog() },
    machine: {
      nodes: () => [],
      reserveNode: async () => undefined,
      releaseNode: async (id: string) => {
        released.push(id);
      },
    },
    runtime: { listContainers: async () => [], listSandboxes: async () => [] },
    home: nodeHome({
      ...{ state, clock, random: seededRandom(1), machineId: 'm', isHome: true },
      iam: {
        assumeRoleForService: () => {
          tries += 1;
          throw new Error('the role is gone');
        },
      },
    }),
    machineAddress: () => '127.0.0.1',
    podNetworks: { open: async () => ({ podNetwork: {} }), remove: async () => {} },
    ...{ machineId: 'm', volumes: { release: async () => {} } },
  } as unknown as NodeParts;
  const following = followNodes(parts);
  // The kubelet is loaded with the first node.
  await vi.waitFor(async () => {
    await clock.advance(10_000);
    expect(tries).toBeGreaterThan(1);
  });
  await state.transact((tx) => tx.put(nodeInstances, key, { ...instance, isEnding: true }));
  await vi.waitFor(() =>
    expect(state.get(nodeReports, nodeReportKey(scope, 'i-1'))).toMatchObject({ status: 'ended' }),
  );
  expect(released).toEqual(['i-1']);
  await following[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});
