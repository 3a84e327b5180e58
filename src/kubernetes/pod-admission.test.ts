import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

let namespaces = 0;
async function namespace(labels: object = {}): Promise<string> {
  const name = `ns-${++namespaces}`;
  await cluster.call('POST', '/api/v1/namespaces', { metadata: { name, labels } });
  await server.reconcilers.idle();
  return `/api/v1/namespaces/${name}`;
}

const level = (mode: string, name: string) => ({ [`pod-security.kubernetes.io/${mode}`]: name });

const pod = (spec: object = {}, container: object = {}, metadata: object = {}) => ({
  metadata: { name: 'p', ...metadata },
  spec: { containers: [{ name: 'c', image: 'nginx', ...container }], ...spec },
});

const safe = pod(
  { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } },
  { securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } },
);

describe('Pod Security', () => {
  it('refuses a plain pod at the restricted level, with all that is missing', async () => {
    const at = await namespace(level('enforce', 'restricted'));
    const { status, json } = await cluster.call('POST', `${at}/pods`, pod());
    expect([status, json.message]).toEqual([
      403,
      'pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    ]);
    expect((await cluster.call('POST', `${at}/pods`, safe)).status).toBe(201);
  });

  it.each([
    [{ hostNetwork: true, hostPID: true }, {}, 'host namespaces (hostNetwork=true, hostPID=true)'],
    [
      {},
      { securityContext: { privileged: true } },
      'privileged (container "c" must not set securityContext.privileged=true)',
    ],
    [
      {},
      { securityContext: { capabilities: { add: ['NET_ADMIN', 'CHOWN'] } } },
      'non-default capabilities (container "c" must not include "NET_ADMIN" in securityContext.capabilities.add)',
    ],
    [{ volumes: [{ name: 'v', hostPath: { path: '/' } }] }, {}, 'hostPath volumes (volume "v")'],
    [{}, { ports: [{ containerPort: 80, hostPort: 80 }] }, 'hostPort (container "c" uses hostPort 80)'],
    [
      { securityContext: { seccompProfile: { type: 'Unconfined' } } },
      {},
      'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } },
      {},
      'forbidden sysctls (kernel.msgmax)',
    ],
  ])('refuses at the baseline level %j %j', async (spec, container, told) => {
    const at = await namespace(level('enforce', 'baseline'));
    const { status, json } = await cluster.call('POST', `${at}/pods`, pod(spec, container));
    expect([status, json.message]).toEqual([
      403,
      `pods "p" is forbidden: violates PodSecurity "baseline:latest": ${told}`,
    ]);
  });

  it('lets plain pods be at the baseline level, and everything where nothing is said', async () => {
    expect(
      (await cluster.call('POST', `${await namespace(level('enforce', 'baseline'))}/pods`, pod())).status,
    ).toBe(201);
    expect((await cluster.call('POST', `${await namespace()}/pods`, pod({ hostPID: true }))).status).toBe(
      201,
    );
  });

  it('warns of templates whose pods would be refused', async () => {
    const at = await namespace(level('warn', 'baseline'));
    const labels = { app: 'a' };
    const { status, headers } = await cluster.call(
      'POST',
      `${at.replace('/api/v1', '/apis/apps/v1')}/deployments`,
      {
        metadata: { name: 'd' },
        spec: {
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: pod({ hostPID: true }).spec },
        },
      },
    );
    expect([status, headers.warning]).toEqual([
      201,
      '299 - "would violate PodSecurity \\"baseline:latest\\": host namespaces (hostPID=true)"',
    ]);
  });

  it('knows its levels and versions, and lets labels be that were wrong before', async () => {
    const labels = { ...level('enforce', 'lax'), ...level('warn-version', '1.30') };
    const { status, json } = await cluster.call('POST', '/api/v1/namespaces', {
      metadata: { name: 'lax', labels },
    });
    expect([status, json.reason, json.message]).toEqual([
      422,
      'Invalid',
      'Namespace "lax" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "lax": must be one of privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "1.30": must be "latest" or "v1.x"]',
    ]);
  });

  it('takes the version that is named', async () => {
    const probed = pod({}, { livenessProbe: { httpGet: { host: '127.0.0.1', port: 80 } } });
    const at = await namespace({ ...level('enforce', 'baseline'), ...level('enforce-version', 'v1.33') });
    expect((await cluster.call('POST', `${at}/pods`, probed)).status).toBe(201);
    const later = await namespace({ ...level('enforce', 'baseline'), ...level('enforce-version', 'v1.34') });
    expect((await cluster.call('POST', `${later}/pods`, probed)).json.message).toBe(
      'pods "p" is forbidden: violates PodSecurity "baseline:v1.34": probe or lifecycle host (container "c" uses probe or lifecycle host "127.0.0.1")',
    );
  });

  it('looks at changes of images, and at no others', async () => {
    const at = await namespace();
    await cluster.call('POST', `${at}/pods`, pod({ hostPID: true }));
    const merge = { 'content-type': 'application/strategic-merge-patch+json' };
    const labels = { ...level('enforce', 'baseline'), ...level('warn', 'baseline') };
    const { headers } = await cluster.call('PATCH', at, { metadata: { labels } }, merge);
    expect(headers.warning).toBe(
      `299 - "existing pods in namespace \\"${at.split('/').at(-1)}\\" violate the new PodSecurity enforce level \\"baseline:latest\\"", 299 - "p: host namespaces"`,
    );
    await server.reconcilers.idle();
    const labelled = await cluster.call('PATCH', `${at}/pods/p`, { metadata: { labels: { a: 'b' } } }, merge);
    expect([labelled.status, labelled.headers.warning]).toEqual([200, undefined]);
    const image = { spec: { containers: [{ name: 'c', image: 'nginx:2' }] } };
    const changed = await cluster.call('PATCH', `${at}/pods/p`, image, merge);
    expect([changed.status, changed.json.message]).toEqual([
      403,
      'pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true)',
    ]);
  });
});

describe('Priority', () => {
  it('gives a pod what its class says, and refuses what is made up', async () => {
    const at = await namespace();
    const { json: plain } = await cluster.call('POST', `${at}/pods`, pod());
    expect([plain.spec.priority, plain.spec.preemptionPolicy]).toEqual([0, 'PreemptLowerPriority']);
    const named = (priorityClassName: string, more: object = {}) =>
      cluster.call('POST', `${at}/pods?dryRun=All`, pod({ priorityClassName, ...more }, {}, { name: 'q' }));
    expect((await named('system-node-critical')).json.spec.priority).toBe(2_000_001_000);
    expect((await named('none')).json.message).toBe(
      'pods "q" is forbidden: no PriorityClass with name none was found',
    );
    expect((await named('system-node-critical', { priority: 7 })).json.message).toBe(
      'pods "q" is forbidden: the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 2000001000 from the given PriorityClass name',
    );
  });

  it('has one default at most', async () => {
    const path = '/apis/scheduling.k8s.io/v1/priorityclasses';
    const made = await cluster.call('POST', path, {
      metadata: { name: 'usual' },
      value: 5,
      globalDefault: true,
    });
    expect(made.status).toBe(201);
    const { json } = await cluster.call('POST', path, {
      metadata: { name: 'other' },
      value: 6,
      globalDefault: true,
    });
    expect(json.message).toBe(
      'priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass usual is already marked as default. Only one default can exist',
    );
    const { json: own } = await cluster.call('POST', `${await namespace()}/pods`, pod());
    expect([own.spec.priorityClassName, own.spec.priority]).toEqual(['usual', 5]);
    expect((await cluster.call('DELETE', `${path}/usual`)).status).toBe(200);
  });
});

describe('default classes', () => {
  it('are given to claims and Ingresses that name none', async () => {
    const at = await namespace();
    // The newest default is the one; of those made within a second, the first by name, and every cluster has `local`.
    const marked = (annotation: string) => ({ name: 'a-usual', annotations: { [annotation]: 'true' } });
    await cluster.call('POST', '/apis/storage.k8s.io/v1/storageclasses', {
      ...{ metadata: marked('storageclass.kubernetes.io/is-default-class'), provisioner: 'a.example.com' },
    });
    await cluster.call('POST', '/apis/networking.k8s.io/v1/ingressclasses', {
      ...{
        metadata: marked('ingressclass.kubernetes.io/is-default-class'),
        spec: { controller: 'example.com/a' },
      },
    });
    const { json: claim } = await cluster.call('POST', `${at}/persistentvolumeclaims`, {
      metadata: { name: 'c' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    const { json: ingress } = await cluster.call(
      'POST',
      `${at.replace('/api/v1', '/apis/networking.k8s.io/v1')}/ingresses`,
      {
        metadata: { name: 'i' },
        spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } },
      },
    );
    expect([claim.spec.storageClassName, ingress.spec.ingressClassName]).toEqual(['a-usual', 'a-usual']);
    const { status, json } = await cluster.call(
      'PATCH',
      `${at}/persistentvolumeclaims/c`,
      { spec: { resources: { requests: { storage: '2Gi' } } } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect([status >= 400, json.message]).toEqual([
      true,
      expect.stringMatching(/persistent volume claims? can be expanded|immutable/),
    ]);
  });
});

describe('a node', () => {
  const as = (name: string) => ({
    ...{ 'impersonate-user': `system:node:${name}` },
    ...{ 'impersonate-group': 'system:nodes' },
  });
  beforeAll(async () => {
    const role = '/apis/rbac.authorization.k8s.io/v1';
    await cluster.call('POST', `${role}/clusterrolebindings`, {
      metadata: { name: 'nodes' },
      roleRef: { kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'Group', name: 'system:nodes' }],
    });
  });

  it('is tainted until it is ready', async () => {
    const { json } = await cluster.call('POST', '/api/v1/nodes', { metadata: { name: 'n1' } }, as('n1'));
    expect(json.spec.taints).toEqual([{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
  });

  it('writes about itself alone', async () => {
    const at = await namespace();
    await cluster.call('POST', `${at}/pods`, pod());
    const asked = [
      cluster.call('POST', '/api/v1/nodes', { metadata: { name: 'n3' } }, as('n2')),
      cluster.call('POST', `${at}/pods`, pod({}, {}, { name: 'q' }), as('n2')),
      cluster.call('DELETE', `${at}/pods/p`, undefined, as('n2')),
    ];
    expect((await Promise.all(asked)).map(({ status, json }) => [status, json.message])).toEqual([
      [403, 'nodes "n3" is forbidden: node "n2" is not allowed to modify node "n3"'],
      [
        403,
        'pods "q" is forbidden: pod does not have "kubernetes.io/config.mirror" annotation, node "n2" can only create mirror pods',
      ],
      [403, 'pods "p" is forbidden: node "n2" can only delete pods with spec.nodeName set to itself'],
    ]);
  });

  it('reads and signs in by what pods use that others have put on it, and not by pods of its own making', async () => {
    const at = await namespace();
    // By the node authorizer alone: no role lets this group in.
    const itself = as('n4');
    await cluster.call('DELETE', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/nodes');
    await cluster.call('POST', `${at}/secrets`, { metadata: { name: 'key' } });
    const volumes = [{ name: 'v', secret: { secretName: 'key' } }];
    const on = (name: string, metadata: object = {}) =>
      pod({ nodeName: 'n4', volumes }, {}, { name, ...metadata });
    const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' } };
    expect((await cluster.call('POST', `${at}/pods`, on('own', mirror), itself)).status).toBe(201);
    const merge = { 'content-type': 'application/merge-patch+json' };
    const tell = (metadata: object) =>
      cluster.call('PATCH', `${at}/pods/own/status`, { metadata }, { ...itself, ...merge });
    const labelled = await tell({ labels: { app: 'bank' } });
    expect(labelled.json.message).toContain('node "n4" cannot update labels through pod status');
    const { json } = await tell({ annotations: { 'kubernetes.io/config.mirror': null } });
    expect(json.message).toContain('cannot update the mirror annotation through pod status');
    const token = (spec: object = {}) =>
      cluster.call('POST', `${at}/serviceaccounts/default/token`, { spec }, itself);
    const secret = () => cluster.call('GET', `${at}/secrets/key`, undefined, itself);
    expect([(await secret()).status, (await token()).status]).toEqual([403, 403]);

    await cluster.call('POST', `${at}/pods`, on('given'));
    expect((await secret()).status).toBe(200);
    expect((await token()).json.message).toContain('node requested token not bound to a pod');
    await cluster.call('POST', `${at}/pods`, pod({ nodeName: 'n5' }, {}, { name: 'far' }));
    const boundTo = (name: string) => token({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name } });
    expect((await boundTo('far')).json.message).toContain('bound to a pod scheduled on a different node');
    expect((await boundTo('given')).status).toBe(201);
  });
});

describe('the labels of a pod', () => {
  const [region, zone] = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone'];

  it('tell where its node is, whoever says on which node it is', async () => {
    const at = await namespace();
    const labels = { [region]: 'eu-west-1', [zone]: 'eu-west-1b', rack: '7' };
    await cluster.call('POST', '/api/v1/nodes', { metadata: { name: 'ashore', labels } });
    await cluster.call('POST', '/api/v1/nodes', { metadata: { name: 'adrift' } });
    const own = { labels: { app: 'web', [zone]: 'nowhere' } };
    const labelsOf = async (name: string) =>
      (await cluster.call('GET', `${at}/pods/${name}`)).json.metadata.labels;
    const known = { app: 'web', [region]: 'eu-west-1', [zone]: 'eu-west-1b' };

    const named = pod({ nodeName: 'ashore' }, {}, { ...own, name: 'named' });
    expect((await cluster.call('POST', `${at}/pods`, named)).json.metadata.labels).toEqual(known);

    const gated = { schedulingGates: [{ name: 'example.com/wait' }] };
    for (const [name, node] of [
      ['bound', 'ashore'],
      ['lost', 'adrift'],
    ] as const) {
      await cluster.call('POST', `${at}/pods`, pod(gated, {}, { ...own, name }));
      expect(await labelsOf(name)).toEqual(own.labels);
      const ungated = { spec: { schedulingGates: [] } };
      await cluster.call('PATCH', `${at}/pods/${name}`, ungated, {
        'content-type': 'application/merge-patch+json',
      });
      const target = { apiVersion: 'v1', kind: 'Node', name: node };
      expect((await cluster.call('POST', `${at}/pods/${name}/binding`, { target })).status).toBe(201);
    }
    expect(await labelsOf('bound')).toEqual(known);
    expect(await labelsOf('lost')).toEqual(own.labels);
  });
});

describe('RuntimeClass', () => {
  const classes = '/apis/node.k8s.io/v1/runtimeclasses';
  const boxed = (name: string, more: object = {}) =>
    cluster.call('POST', classes, { metadata: { name }, handler: 'boxed', ...more });

  it('refuses a pod whose class is not there, or there no more', async () => {
    const at = await namespace();
    const told = (name: string) => `pods "p" is forbidden: pod rejected: RuntimeClass "${name}" not found`;
    const none = await cluster.call('POST', `${at}/pods`, pod({ runtimeClassName: 'none' }));
    expect([none.status, none.json.message]).toEqual([403, told('none')]);
    await boxed('gone');
    await cluster.call('DELETE', `${classes}/gone`);
    const gone = await cluster.call('POST', `${at}/pods`, pod({ runtimeClassName: 'gone' }));
    expect([gone.status, gone.json.message]).toEqual([403, told('gone')]);
  });

  it('says what a pod costs beside its containers, and where it may run', async () => {
    const at = await namespace();
    const toleration = { key: 'box', operator: 'Exists', effect: 'NoSchedule' };
    await boxed('heavy', {
      overhead: { podFixed: { cpu: '10m', memory: '1Mi' } },
      scheduling: { nodeSelector: { box: 'yes' }, tolerations: [toleration] },
    });
    const spec = { runtimeClassName: 'heavy', nodeSelector: { zone: 'a' }, tolerations: [toleration] };
    const { status, json } = await cluster.call('POST', `${at}/pods`, pod(spec));
    expect(status).toBe(201);
    expect(json.spec).toMatchObject({
      overhead: { cpu: '10m', memory: '1Mi' },
      nodeSelector: { zone: 'a', box: 'yes' },
    });
    expect(json.spec.tolerations.filter(({ key }: { key: string }) => key === 'box')).toEqual([toleration]);
  });

  it('refuses what does not go with its class', async () => {
    const at = await namespace();
    await boxed('dear', {
      overhead: { podFixed: { cpu: '1' } },
      scheduling: { nodeSelector: { box: 'yes' } },
    });
    await boxed('free');
    const refused = async (spec: object) =>
      (await cluster.call('POST', `${at}/pods`, pod(spec))).json.message;
    const classed = (name: string, more: object) => ({ runtimeClassName: name, ...more });
    expect(await refused(classed('dear', { overhead: { cpu: '2' } }))).toBe(
      "pods \"p\" is forbidden: pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
    );
    expect(await refused(classed('dear', { nodeSelector: { box: 'no' } }))).toBe(
      'pods "p" is forbidden: conflict: runtimeClass.scheduling.nodeSelector[box] = yes; pod.spec.nodeSelector[box] = no',
    );
    for (const spec of [classed('free', { overhead: { cpu: '1' } }), { overhead: { cpu: '1' } }])
      expect(await refused(spec)).toBe(
        'pods "p" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
      );
    const same = pod(classed('dear', { overhead: { cpu: '1000m' } }));
    expect((await cluster.call('POST', `${at}/pods`, same)).status).toBe(201);
  });
});
