import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiVersionOf, builtInCatalogue, type Resource, verbsOf } from './schema/catalogue.ts';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

const container = { name: 'c', image: 'i:1' };
const labels = { app: 'a' };
const template = { metadata: { labels }, spec: { containers: [container] } };
const workload = { spec: { selector: { matchLabels: labels }, template } };
const job = { template: { spec: { containers: [container], restartPolicy: 'Never' } } };
const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const target = { kind: 'Deployment', name: 'a', apiVersion: 'apps/v1' };
const role = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };

/** What a kind has to say at least, by its name; of the others a name is enough. */
const least: Readonly<Record<string, object>> = {
  Pod: { spec: template.spec },
  PodTemplate: { template },
  ReplicationController: { spec: { selector: labels, template } },
  Service: { spec: { ports: [{ port: 80 }] } },
  PersistentVolume: {
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/a' } },
  },
  PersistentVolumeClaim: { spec: claim },
  ControllerRevision: { revision: 1, data: { a: 1 } },
  ...{ DaemonSet: workload, Deployment: workload, ReplicaSet: workload, StatefulSet: workload },
  HorizontalPodAutoscaler: { spec: { maxReplicas: 3, scaleTargetRef: target } },
  CronJob: { spec: { schedule: '@daily', jobTemplate: { spec: job } } },
  Job: { spec: job },
  Ingress: { spec: { defaultBackend: { service: { name: 'a', port: { number: 80 } } } } },
  IPAddress: { metadata: { name: '10.1.2.3' }, spec: { parentRef: { resource: 'services', name: 'a' } } },
  ServiceCIDR: { spec: { cidrs: ['10.200.0.0/24'] } },
  ...{ ClusterRoleBinding: { roleRef: role }, RoleBinding: { roleRef: role } },
  CSIDriver: { spec: {} },
  CSINode: { spec: { drivers: [] } },
  CSIStorageCapacity: { storageClassName: 'a' },
  StorageClass: { provisioner: 'a' },
  VolumeAttachment: { spec: { attacher: 'a', nodeName: 'n', source: { persistentVolumeName: 'v' } } },
  VolumeAttributesClass: { driverName: 'a', parameters: { a: 'b' } },
  APIService: {
    metadata: { name: 'v1.own.example.com' },
    spec: { group: 'own.example.com', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1 },
  },
  PriorityClass: { value: 1 },
  FlowSchema: { spec: { priorityLevelConfiguration: { name: 'global-default' } } },
  PriorityLevelConfiguration: { spec: { type: 'Limited', limited: {} } },
  RuntimeClass: { handler: 'a' },
  EndpointSlice: { addressType: 'IPv4', endpoints: [] },
  ResourceClaim: { spec: {} },
  ResourceClaimTemplate: { spec: { spec: {} } },
  ResourceSlice: {
    spec: {
      ...{ driver: 'a.io', nodeName: 'n', devices: [] },
      pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
    },
  },
};
const leastByVersion: Readonly<Record<string, object>> = {
  'v1 Event': { involvedObject: { namespace: 'kinds', kind: 'Pod', name: 'a' } },
  'events.k8s.io/v1 Event': {
    ...{
      regarding: { namespace: 'kinds', kind: 'Pod', name: 'a' },
      eventTime: '2026-01-01T00:00:00.000000Z',
    },
    ...{
      reportingController: 'a.io/b',
      reportingInstance: 'i',
      action: 'Try',
      reason: 'Why',
      type: 'Normal',
    },
  },
};

/** What other tests make, who know what it takes. */
const elsewhere = new Set(['CertificateSigningRequest', 'CustomResourceDefinition', 'Namespace']);

const kept = builtInCatalogue.resources.filter(
  (it) => verbsOf(it).includes('watch') && !elsewhere.has(it.kind) && !it.group.startsWith('admission'),
);
const pathOf = (it: Resource): string =>
  `/${it.group === '' ? 'api' : 'apis'}/${apiVersionOf(it)}${it.isNamespaced ? '/namespaces/kinds' : ''}/${it.name}`;

const identityOf = (resource: Resource, name: string) => ({
  ...{ apiVersion: apiVersionOf(resource), kind: resource.kind, metadata: { name, labels: { own: 'yes' } } },
});

const apply = (path: string, config: object) =>
  cluster.call('PATCH', `${path}?fieldManager=applier`, config, {
    'content-type': 'application/apply-patch+yaml',
  });

/** What whoever applied owns, and since when. */
const appliedIn = ({ metadata }: { readonly metadata: { readonly managedFields: readonly object[] } }) =>
  metadata.managedFields.find((it) => 'operation' in it && it.operation === 'Apply');

describe('each kind', () => {
  const watched: { readonly resource: Resource; readonly path: string; readonly name: string }[] = [];
  beforeAll(() => cluster.call('POST', '/api/v1/namespaces', { metadata: { name: 'kinds' } }));

  it.each(kept.map((it) => [`${it.kind} of ${apiVersionOf(it)}`, it] as const))(
    '%s is created, read, listed, patched, applied and deleted',
    async (_, resource) => {
      const path = pathOf(resource);
      const { resourceVersion } = (await cluster.call('GET', path)).json.metadata;
      const own = least[resource.kind] ?? leastByVersion[`${apiVersionOf(resource)} ${resource.kind}`] ?? {};
      const created = await cluster.call('POST', path, { metadata: { name: 'own' }, ...own });
      expect([created.status, created.json.message ?? '']).toEqual([201, expect.any(String)]);
      const { name } = created.json.metadata;
      expect(created.json).toMatchObject({ kind: resource.kind, apiVersion: apiVersionOf(resource) });
      // Controllers may have begun to work on it.
      const { json: read } = await cluster.call('GET', `${path}/${name}`);
      expect([read.kind, read.metadata.uid]).toEqual([resource.kind, created.json.metadata.uid]);

      const patched = await cluster.call(
        ...(['PATCH', `${path}/${name}`, { metadata: { labels: { own: 'yes' } } }] as const),
        { 'content-type': 'application/strategic-merge-patch+json' },
      );
      expect([patched.status, patched.json.metadata?.labels?.own]).toEqual([200, 'yes']);
      const applied = () => apply(`${path}/${name}`, { ...own, ...identityOf(resource, name) });
      const once = await applied();
      expect([once.status, once.json.message ?? '']).toEqual([200, expect.any(String)]);
      expect(appliedIn(once.json)).toBeDefined();
      expect(appliedIn((await applied()).json)).toEqual(appliedIn(once.json));
      const listed = await cluster.call('GET', `${path}?labelSelector=own`);
      const items = listed.json.items.map((it: { metadata: { name: string } }) => it.metadata.name);
      expect([listed.json.kind, items]).toEqual([resource.listKind, [name]]);
      const table = await cluster.call('GET', `${path}/${name}`, undefined, {
        accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
      });
      expect(table.json.rows[0].cells.length).toBe(table.json.columnDefinitions.length);

      expect((await cluster.call('DELETE', `${path}/${name}`)).status).toBe(200);
      watched.push({ resource, path: `${path}?resourceVersion=${resourceVersion}`, name });
    },
  );

  it('tells its watchers of all that', async () => {
    expect(watched.length).toBe(kept.length);
    await server.reconcilers.idle();
    await Promise.all(
      watched.map(async ({ resource, path, name }) => {
        const { text } = await cluster.call(
          'GET',
          `${path}&watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3D${name}`,
        );
        const events = text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line));
        expect([...new Set(events.map(({ type }) => type))]).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
        const versions = new Set(events.map(({ object }) => object.apiVersion));
        expect([...versions], path).toEqual([apiVersionOf(resource)]);
      }),
    );
  });

  it('an event is one in both groups, under the names of each', async () => {
    const old = '/api/v1/namespaces/kinds/events';
    await cluster.call('POST', old, {
      ...{ metadata: { name: 'e' }, message: 'Hello', source: { component: 'c' }, count: 2 },
      involvedObject: { namespace: 'kinds', name: 'p', kind: 'Pod' },
    });
    const { json } = await cluster.call('GET', '/apis/events.k8s.io/v1/namespaces/kinds/events/e');
    expect(json).toMatchObject({
      ...{ apiVersion: 'events.k8s.io/v1', note: 'Hello', deprecatedCount: 2, regarding: { name: 'p' } },
    });
    const selected = (field: string) =>
      cluster.call('GET', `/apis/events.k8s.io/v1/namespaces/kinds/events?fieldSelector=${field}%3Dp`);
    expect((await selected('regarding.name')).json.items.length).toBe(1);
    expect((await selected('involvedObject.name')).json.message).toBe(
      'field label not supported: involvedObject.name',
    );
  });

  it('an autoscaler of version 2 keeps what version 1 has no words for', async () => {
    const [v1, v2] = ['v1', 'v2'].map(
      (it) => `/apis/autoscaling/${it}/namespaces/kinds/horizontalpodautoscalers`,
    );
    const pods = {
      type: 'Pods',
      pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '10' } },
    };
    const cpu = {
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
    };
    const spec = { maxReplicas: 3, minReplicas: 1, scaleTargetRef: target, metrics: [pods, cpu] };
    await cluster.call('POST', String(v2), { metadata: { name: 'h' }, spec });
    const { json: older } = await cluster.call('GET', `${v1}/h`);
    expect(older.spec).toEqual({
      ...{ maxReplicas: 3, minReplicas: 1, scaleTargetRef: target, targetCPUUtilizationPercentage: 50 },
    });
    // Without a version: its controller writes to it as well.
    const { resourceVersion: _, ...metadata } = older.metadata;
    const changed = { ...older, metadata, spec: { ...older.spec, targetCPUUtilizationPercentage: 60 } };
    expect((await cluster.call('PUT', `${v1}/h`, changed)).json.spec.targetCPUUtilizationPercentage).toBe(60);
    const { json: newer } = await cluster.call('GET', `${v2}/h`);
    expect(newer.spec.metrics).toEqual([
      pods,
      { ...cpu, resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
    ]);
    expect(newer.metadata.annotations).toBeUndefined();
  });

  it('what the control plane keeps its objects in tells how it is', async () => {
    const { json } = await cluster.call('GET', '/api/v1/componentstatuses');
    expect(json.items).toEqual([
      { metadata: { name: 'etcd-0' }, conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }] },
    ]);
    expect((await cluster.call('DELETE', '/api/v1/componentstatuses/etcd-0')).status).toBe(405);
  });

  it('that is on its way out says so to whoever uses it', async () => {
    const { headers } = await cluster.call('GET', '/api/v1/componentstatuses');
    expect(headers.warning).toBe('299 - "v1 ComponentStatus is deprecated in v1.19+"');
    const endpoints = '/api/v1/namespaces/default/endpoints';
    const warning = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"';
    for (const path of [endpoints, `${endpoints}/none`, `${endpoints}?watch=1&timeoutSeconds=1`])
      expect((await cluster.call('GET', path)).headers.warning, path).toBe(warning);
    expect((await cluster.call('GET', '/api/v1/namespaces')).headers.warning).toBeUndefined();
  });

  it('has a table of its scale', async () => {
    const at = '/apis/apps/v1/namespaces/default/deployments';
    const labels = { app: 'scaled' };
    await cluster.call('POST', at, {
      metadata: { name: 'scaled' },
      spec: {
        ...{ replicas: 2, selector: { matchLabels: labels } },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
      },
    });
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
    const { json } = await cluster.call('GET', `${at}/scaled/scale`, undefined, { accept });
    expect(json).toMatchObject({
      ...{ kind: 'Table', rows: [{ cells: ['scaled', 2, expect.any(Number), expect.any(String)] }] },
      columnDefinitions: ['Name', 'Desired', 'Available', 'Age'].map((name) => ({ name })),
    });
  });

  it('that recurs says when, in five fields or by a name', async () => {
    const at = '/apis/batch/v1/namespaces/default/cronjobs';
    const template = { spec: { containers: [{ name: 'c', image: 'nginx' }], restartPolicy: 'Never' } };
    const made = async (schedule: string) => {
      const spec = { schedule, jobTemplate: { spec: { template } } };
      const metadata = { name: 'tick' };
      const { status, json } = await cluster.call('POST', `${at}?dryRun=All`, { metadata, spec });
      return status === 201 ? status : json.message;
    };
    const wrong = (schedule: string, why: string) =>
      `CronJob.batch "tick" is invalid: spec.schedule: Invalid value: "${schedule}": ${why}`;
    for (const schedule of ['*/5 0-3 1,15 * MON', '@midnight', '@every 1h30m'])
      expect(await made(schedule), schedule).toBe(201);
    expect(await made('nonsense')).toBe(wrong('nonsense', 'expected exactly 5 fields, found 1: [nonsense]'));
    expect(await made('* * * * * *')).toBe(
      wrong('* * * * * *', 'expected exactly 5 fields, found 6: [* * * * * *]'),
    );
    expect(await made('@often')).toBe(wrong('@often', 'unrecognized descriptor: @often'));
  });
});
