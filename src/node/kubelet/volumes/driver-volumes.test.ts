import { mkdtempSync, readFileSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { seededRandom, systemClock } from '../../../clock/index.ts';
import { silentLog } from '../../../log.ts';
import { SimulatedMachine } from '../../testing/simulated-machine.ts';
import { LocalVolumes } from '../../volumes/local-volumes.ts';
import { ApiClient } from '../api/api-client.ts';
import type { Pod } from '../objects/pod.ts';
import { TestNodes, testNode } from '../testing/test-cluster.ts';
import { ownMountPoints } from './mount-points.ts';
import { NodeVolumes } from './pod-volumes.ts';

const own = ownMountPoints();
const clock = systemClock();
const { signal } = new AbortController();
const MiB = 1_048_576;
const driver = 'own.example.com';
const core = '/api/v1/namespaces/default';
const claimPath = `${core}/persistentvolumeclaims`;
const merge = { 'content-type': 'application/merge-patch+json' };

describe.skipIf(!own.canMount)('volumes of the node’s own driver', () => {
  let nodes: TestNodes;
  let api: ApiClient;
  let directory: string;
  let machine: LocalVolumes;
  let volumes: NodeVolumes;
  let made = 0;
  const grown: string[] = [];

  beforeAll(async () => {
    nodes = await TestNodes.open();
    api = new ApiClient(await nodes.access(testNode.name), { clock, random: seededRandom(1) });
  });
  afterAll(async () => {
    api[Symbol.dispose]();
    await nodes[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'driver-'));
    machine = new LocalVolumes(join(directory, 'volumes'), true);
    volumes = open();
    grown.length = 0;
  });
  afterEach(async () => {
    await volumes[Symbol.asyncDispose]();
    await own.remove(directory);
  });

  const open = () =>
    new NodeVolumes({
      ...{ api, clock, random: seededRandom(2), log: silentLog, stateDirectory: join(directory, 'node') },
      ...{ runtime: new SimulatedMachine(clock).runtime, allocatable: { cpu: '1', memory: '1Gi' } },
      localDriver: { name: driver, clusterId: 'c', topologyKeys: [], volumes: machine },
      onGrown: (_, name) => grown.push(name),
    });
  const call = async (method: string, path: string, body: object, headers?: Record<string, string>) => {
    const answer = await nodes.cluster.call(method, path, body, headers);
    expect([200, 201], answer.text).toContain(answer.status);
    return answer.json;
  };

  /** A claim with its volume, both there, and a pod that uses it. */
  async function claimed(
    sizeBytes: number,
    of = driver,
  ): Promise<{ readonly name: string; readonly pod: Pod }> {
    made += 1;
    const name = `v-${made}`;
    const capacity = { storage: String(sizeBytes) };
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: capacity }, storageClassName: 'x' };
    const claim = await call('POST', claimPath, { metadata: { name }, spec });
    await call('POST', '/api/v1/persistentvolumes', {
      metadata: { name },
      spec: {
        ...{ capacity, accessModes: ['ReadWriteOnce'], storageClassName: 'x' },
        csi: { driver: of, volumeHandle: name },
        claimRef: { namespace: 'default', name, uid: claim.metadata.uid },
      },
    });
    await call('PATCH', `${claimPath}/${name}`, { spec: { volumeName: name } }, merge);
    await call('PATCH', `${claimPath}/${name}/status`, { status: { phase: 'Bound', capacity } }, merge);
    if (of === driver) await machine.make({ clusterId: 'c', name }, sizeBytes);
    return { name, pod: await podOf(name) };
  }
  const podOf = (claimName: string): Promise<Pod> => {
    made += 1;
    return call('POST', `${core}/pods`, {
      metadata: { name: `p-${made}` },
      spec: {
        ...{ nodeName: testNode.name, containers: [{ name: 'app', image: 'busybox' }] },
        ...{ automountServiceAccountToken: false, securityContext: { fsGroup: 2_000 } },
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
      },
    });
  };
  const mount = async (pod: Pod) => (await volumes.mount(pod, signal)).get('data')?.source ?? '';
  const bytes = (path: string): number => statfsSync(path).blocks * statfsSync(path).bsize;

  it('are mounted for their pods, and told of', async () => {
    const { pod } = await claimed(32 * MiB);
    const path = await mount(pod);
    expect(path).toContain(`/pods/${pod.metadata.uid}/volumes/kubernetes.io~csi/`);
    expect(statSync(path).gid).toBe(2_000);
    expect(await volumes.useOf(pod)).toMatchObject([
      { name: 'data', claimName: expect.any(String), capacityBytes: bytes(path), inodes: expect.any(Number) },
    ]);
    await volumes.unmount(pod.metadata.uid);
    expect(await volumes.useOf(pod)).toEqual([]);
  });

  it('are mounted of no other driver', async () => {
    const { pod } = await claimed(32 * MiB, 'ebs.csi.aws.com');
    await expect(volumes.mount(pod, signal)).rejects.toThrow(
      'driver name ebs.csi.aws.com not found in the list of registered CSI drivers',
    );
  });

  it('are as large as their claims ask for when they are mounted, or before', async () => {
    const { name, pod } = await claimed(32 * MiB);
    writeFileSync(join(await mount(pod), 'file'), 'data');
    const storage = '96Mi';
    const allocatedResourceStatuses = { storage: 'NodeResizePending' };
    const conditions = [{ type: 'FileSystemResizePending', status: 'True' }];
    await machine.grow({ clusterId: 'c', name }, 96 * MiB);
    await call('PATCH', `/api/v1/persistentvolumes/${name}`, { spec: { capacity: { storage } } }, merge);
    await call(
      'PATCH',
      `${claimPath}/${name}/status`,
      { status: { conditions, allocatedResourceStatuses, allocatedResources: { storage } } },
      merge,
    );
    await expandable(name, storage);
    volumes.changed(pod);
    await volumes.unmount(pod.metadata.uid);
    const next = await podOf(name);
    const path = await mount(next);
    expect(bytes(path)).toBeGreaterThan(80 * MiB);
    expect(readFileSync(join(path, 'file'), 'utf8')).toBe('data');
    const { status } = await vi.waitFor(async () => {
      const { json } = await nodes.cluster.call('GET', `${claimPath}/${name}`);
      expect(json.status.capacity).toEqual({ storage: '96Mi' });
      return json;
    });
    expect(status).not.toHaveProperty('allocatedResourceStatuses');
    expect(status.conditions ?? []).toEqual([]);
    expect(grown).toEqual([name]);
  });

  /** The class of the tests' claims lets them grow. */
  async function expandable(name: string, storage: string): Promise<void> {
    await call('POST', '/apis/storage.k8s.io/v1/storageclasses', {
      ...{ metadata: { name: 'x' }, provisioner: driver, allowVolumeExpansion: true },
    });
    await call('PATCH', `${claimPath}/${name}`, { spec: { resources: { requests: { storage } } } }, merge);
  }
});
