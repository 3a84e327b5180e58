import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkloads, type Workloads } from './testing/workloads.ts';

let work: Workloads;
beforeAll(async () => {
  work = await openWorkloads();
});
afterAll(() => work[Symbol.asyncDispose]());

const web = (replicas: number) => ({
  metadata: { name: 'web' },
  spec: {
    ...{ replicas, selector: { matchLabels: { app: 'web' } } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [{ name: 'c', image: 'nginx', ports: [{ name: 'http', containerPort: 8080 }] }],
      },
    },
  },
});
const service = (name: string, spec: object = {}) => ({
  metadata: { name, labels: { team: 'harbour' } },
  spec: {
    selector: { app: 'web' },
    ports: [{ name: 'http', port: 80, targetPort: 'http' }],
    ...spec,
  },
});

describe('a service', () => {
  it('has the pods that it selects in EndpointSlices and in Endpoints', async () => {
    const at = await work.namespace();
    await at.create('services', service('web'));
    const [empty] = await at.list('endpointslices.discovery.k8s.io');
    expect([empty.endpoints, empty.ports]).toEqual([[], []]);
    await at.create('replicasets.apps', web(2));
    const [slice, ...others] = await at.list('endpointslices.discovery.k8s.io');
    expect(others).toEqual([]);
    const pods = await at.list('pods');
    expect(slice).toMatchObject({
      metadata: {
        generateName: 'web-',
        labels: {
          ...{ team: 'harbour', 'kubernetes.io/service-name': 'web' },
          'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        },
        ownerReferences: [{ kind: 'Service', name: 'web', controller: true }],
      },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    });
    expect(slice.endpoints.map(({ targetRef }: { targetRef: object }) => targetRef)).toEqual(
      expect.arrayContaining(
        pods.map(({ metadata: { name, namespace, uid } }) => ({ kind: 'Pod', name, namespace, uid })),
      ),
    );
    expect(slice.endpoints[0].conditions).toEqual({ ready: true, serving: true, terminating: false });
    const endpoints = await at.get('endpoints', 'web');
    expect(endpoints.metadata.labels).toEqual({
      ...{ team: 'harbour', 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' },
    });
    expect(endpoints.subsets).toMatchObject([
      {
        addresses: expect.arrayContaining(
          pods.map(({ status }) => expect.objectContaining({ ip: status.podIP })),
        ),
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      },
    ]);
    await at.delete('services', 'web');
    expect(await at.list('endpoints')).toEqual([]);
    expect(await at.list('endpointslices.discovery.k8s.io')).toEqual([]);
  });

  it('says which of its pods are not ready', async () => {
    const at = await work.namespace();
    work.decide(() => 'Running');
    await at.create('services', service('web', { clusterIP: 'None' }));
    await at.create('replicasets.apps', web(1));
    const [slice] = await at.list('endpointslices.discovery.k8s.io');
    expect(slice.endpoints[0].conditions).toEqual({ ready: false, serving: false, terminating: false });
    expect(slice.metadata.labels['service.kubernetes.io/headless']).toBe('');
    const { subsets } = await at.get('endpoints', 'web');
    expect([subsets[0].addresses, subsets[0].notReadyAddresses.length]).toEqual([undefined, 1]);
    work.decide(() => 'Ready');
  });

  it('has pods that are not ready where it publishes them, apart by what the port’s name means to each', async () => {
    const at = await work.namespace();
    work.decide(() => 'Running');
    for (const containerPort of [3_000, 3_001]) {
      const ports = [{ name: 'http', containerPort }];
      await at.create('pods', {
        metadata: { name: `on-${containerPort}`, labels: { app: 'web' } },
        spec: { containers: [{ name: 'c', image: 'nginx', ports }] },
      });
    }
    await at.create('services', service('web', { publishNotReadyAddresses: true }));
    const slices = await at.list('endpointslices.discovery.k8s.io');
    const inSlices = slices.flatMap(({ ports: [{ port }], endpoints }) =>
      endpoints.map(
        ({ targetRef, conditions }: { targetRef: { name: string }; conditions: { ready: boolean } }) => [
          ...[port, targetRef.name, conditions.ready],
        ],
      ),
    );
    expect(inSlices.toSorted()).toEqual([
      [3_000, 'on-3000', true],
      [3_001, 'on-3001', true],
    ]);
    const { subsets } = await at.get('endpoints', 'web');
    expect(subsets).toHaveLength(2);
    for (const port of [3_000, 3_001])
      expect(subsets).toContainEqual(
        expect.objectContaining({
          addresses: [
            expect.objectContaining({ targetRef: expect.objectContaining({ name: `on-${port}` }) }),
          ],
          ports: [{ name: 'http', port, protocol: 'TCP' }],
        }),
      );
    work.decide(() => 'Ready');
  });

  it('that is not there keeps nobody from saying something of it', async () => {
    const at = await work.namespace();
    const subsets = [{ addresses: [{ ip: '192.0.2.7' }], ports: [{ port: 5_432, protocol: 'TCP' }] }];
    await at.create('endpoints', { metadata: { name: 'none' }, subsets });
    expect((await at.get('endpoints', 'none')).subsets).toEqual(subsets);
    expect(await at.list('endpointslices.discovery.k8s.io')).toEqual([]);
  });

  it('without a selector has what somebody says in Endpoints, as slices', async () => {
    const at = await work.namespace();
    await at.create('services', { metadata: { name: 'db' }, spec: { ports: [{ port: 5432 }] } });
    await at.create('endpoints', {
      metadata: { name: 'db', labels: { of: 'db' } },
      subsets: [{ addresses: [{ ip: '192.0.2.7' }], ports: [{ port: 5432 }] }],
    });
    const [slice] = await at.list('endpointslices.discovery.k8s.io');
    expect(slice).toMatchObject({
      metadata: {
        labels: {
          ...{ of: 'db', 'kubernetes.io/service-name': 'db' },
          'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
        },
      },
      endpoints: [{ addresses: ['192.0.2.7'], conditions: { ready: true } }],
      ports: [{ name: '', port: 5432, protocol: 'TCP' }],
    });
    await at.delete('endpoints', 'db');
    expect(await at.list('endpointslices.discovery.k8s.io')).toEqual([]);
  });
});

describe('a PodDisruptionBudget', () => {
  it('says how many pods may go', async () => {
    const at = await work.namespace();
    const budget = (name: string, spec: object) => ({
      metadata: { name },
      spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
    });
    await at.create('poddisruptionbudgets.policy', budget('share', { maxUnavailable: '50%' }));
    await at.create('poddisruptionbudgets.policy', budget('number', { minAvailable: 3 }));
    await at.create('replicasets.apps', web(3));
    const { status } = await at.get('poddisruptionbudgets.policy', 'share');
    expect(status).toMatchObject({
      ...{ expectedPods: 3, desiredHealthy: 1, currentHealthy: 3, disruptionsAllowed: 2 },
      conditions: [{ type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', message: '' }],
    });
    expect((await at.get('poddisruptionbudgets.policy', 'number')).status).toMatchObject({
      ...{ expectedPods: 3, desiredHealthy: 3, currentHealthy: 3, disruptionsAllowed: 0 },
      conditions: [{ status: 'False', reason: 'InsufficientPods' }],
    });
  });
});
