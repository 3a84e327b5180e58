import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

const container = { name: 'c', image: 'i:1' };
const sysctl = (name: string) => ({ name, value: '1' });
const pod = (spec: object = {}) => ({ spec: { containers: [container], ...spec } });
const podWith = (more: object) => pod({ containers: [{ ...container, ...more }] });
const labels = { app: 'a' };
const workload = (spec: object = {}, podSpec: object = {}) => ({
  spec: {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [container], ...podSpec } },
    ...spec,
  },
});
const job = (spec: object = {}) => ({
  spec: { template: { spec: { containers: [container], restartPolicy: 'Never' } }, ...spec },
});
const cronJob = (spec: object) => ({ spec: { schedule: '* * * * *', jobTemplate: job(), ...spec } });
const attachment = (source: object) => ({ spec: { attacher: 'a', nodeName: 'n', source } });
const inline = { accessModes: ['ReadWriteOnce'], csi: { driver: 'd', volumeHandle: 'h' } };
const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

const paths: Readonly<Record<string, string>> = {
  ...{ pods: '/api/v1/namespaces/default', services: '/api/v1/namespaces/default' },
  ...{ persistentvolumeclaims: '/api/v1/namespaces/default', persistentvolumes: '/api/v1' },
  ...{ endpoints: '/api/v1/namespaces/default', events: '/api/v1/namespaces/default', nodes: '/api/v1' },
  ...{ deployments: '/apis/apps/v1/namespaces/default', daemonsets: '/apis/apps/v1/namespaces/default' },
  statefulsets: '/apis/apps/v1/namespaces/default',
  ...{ jobs: '/apis/batch/v1/namespaces/default', cronjobs: '/apis/batch/v1/namespaces/default' },
  horizontalpodautoscalers: '/apis/autoscaling/v2/namespaces/default',
  ...{
    ingresses: '/apis/networking.k8s.io/v1/namespaces/default',
    ipaddresses: '/apis/networking.k8s.io/v1',
  },
  ...{ ingressclasses: '/apis/networking.k8s.io/v1' },
  networkpolicies: '/apis/networking.k8s.io/v1/namespaces/default',
  poddisruptionbudgets: '/apis/policy/v1/namespaces/default',
  ...{ storageclasses: '/apis/storage.k8s.io/v1', volumeattachments: '/apis/storage.k8s.io/v1' },
  ...{ csidrivers: '/apis/storage.k8s.io/v1' },
  ...{ priorityclasses: '/apis/scheduling.k8s.io/v1', runtimeclasses: '/apis/node.k8s.io/v1' },
  leases: '/apis/coordination.k8s.io/v1/namespaces/default',
  endpointslices: '/apis/discovery.k8s.io/v1/namespaces/default',
};

/** What is told of an object, after `<Kind> "x" is invalid: `. */
async function told(resource: string, body: object, name = 'x'): Promise<unknown> {
  const { status, json } = await cluster.call('POST', `${paths[resource]}/${resource}?dryRun=All`, {
    ...{ metadata: { name }, ...body },
  });
  return status === 201 ? 'right' : String(json.message).replace(/^.*? is invalid: /, '');
}

describe('what is wrong with an object is said in the words of Kubernetes', () => {
  it.each<readonly [resource: string, body: object, words: string]>([
    ['pods', pod(), 'right'],
    ['pods', {}, 'spec.containers: Required value'],
    ['pods', podWith({ name: '' }), 'spec.containers[0].name: Required value'],
    [
      'pods',
      podWith({ imagePullPolicy: 'No' }),
      'spec.containers[0].imagePullPolicy: Unsupported value: "No": supported values: "Always", "IfNotPresent", "Never"',
    ],
    [
      'pods',
      podWith({ ports: [{ containerPort: 70_000 }] }),
      'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ],
    [
      'pods',
      podWith({ resources: { requests: { cpu: '2' }, limits: { cpu: '1000m' } } }),
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
    [
      'pods',
      podWith({ volumeMounts: [{ name: 'v', mountPath: '/a' }] }),
      'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ],
    ...[
      [
        false,
        'spec.containers[0].volumeMounts[0].mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
      ] as const,
      [true, 'right'] as const,
    ].map(([privileged, said]): [string, object, string] => [
      'pods',
      pod({
        volumes: [{ name: 'v', emptyDir: {} }],
        containers: [
          {
            ...{ name: 'c', image: 'i', securityContext: { privileged } },
            volumeMounts: [{ name: 'v', mountPath: '/v', mountPropagation: 'Bidirectional' }],
          },
        ],
      }),
      said,
    ]),
    [
      'pods',
      pod({
        volumes: [{ name: 'v', emptyDir: {} }],
        containers: [
          {
            ...container,
            volumeMounts: [
              { name: 'v', mountPath: '/a' },
              { name: 'v', mountPath: '/a' },
            ],
          },
        ],
      }),
      'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
    ],
    [
      'pods',
      pod({ volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }] }),
      'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
    ],
    ['pods', pod({ initContainers: [container] }), 'spec.containers[0].name: Duplicate value: "c"'],
    [
      'pods',
      pod({ containers: [container, { ...container, image: '' }], restartPolicy: 'Sometimes' }),
      '[spec.containers[1].image: Required value, spec.containers[1].name: Duplicate value: "c", spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"]',
    ],
    [
      'pods',
      pod({
        securityContext: { sysctls: [sysctl('kernel.shmmax'), sysctl('foo-'), sysctl('kernel.shmmax')] },
      }),
      '[spec.securityContext.sysctls[1].name: Invalid value: "foo-": must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$, spec.securityContext.sysctls[2].name: Duplicate value: "kernel.shmmax"]',
    ],
    [
      'pods',
      pod({
        containers: ['a', 'b'].map((name) => ({
          ...{ ...container, name },
          ports: [{ containerPort: name === 'a' ? 80 : 81, hostPort: 8_080 }],
        })),
      }),
      'spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//8080"',
    ],
    [
      'pods',
      podWith({ livenessProbe: { successThreshold: 2, exec: { command: ['a'] } } }),
      'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
    ],
    [
      'pods',
      podWith({ readinessProbe: {} }),
      'spec.containers[0].readinessProbe: Required value: must specify a handler type',
    ],
    [
      'pods',
      pod({ dnsPolicy: 'None' }),
      'spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None',
    ],
    [
      'pods',
      pod({ activeDeadlineSeconds: 0 }),
      'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive',
    ],
    [
      'pods',
      pod({ tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 1 }] }),
      'spec.tolerations[0].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set',
    ],
    ['deployments', workload(), 'right'],
    [
      'deployments',
      workload({ replicas: -1 }),
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'deployments',
      workload({}, { restartPolicy: 'Never' }),
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
    [
      'deployments',
      workload({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }),
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0',
    ],
    [
      'deployments',
      workload({ progressDeadlineSeconds: 5, minReadySeconds: 5 }),
      'spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds',
    ],
    [
      'statefulsets',
      workload({ podManagementPolicy: 'x' }),
      "spec.podManagementPolicy: Invalid value: \"x\": must be 'OrderedReady' or 'Parallel'",
    ],
    [
      'daemonsets',
      workload({ updateStrategy: { type: 'x' } }),
      'spec.updateStrategy.type: Unsupported value: "x": supported values: "OnDelete", "RollingUpdate"',
    ],
    ['jobs', job(), 'right'],
    [
      'jobs',
      job({ completionMode: 'Indexed', completions: 200_000, parallelism: 100_001 }),
      'spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is Indexed',
    ],
    ['cronjobs', cronJob({ schedule: '@hourly', timeZone: 'Europe/Berlin' }), 'right'],
    [
      'cronjobs',
      cronJob({ timeZone: 'Europe/Nowhere' }),
      'spec.timeZone: Invalid value: "Europe/Nowhere": unknown time zone Europe/Nowhere',
    ],
    [
      'cronjobs',
      cronJob({ schedule: 'TZ=UTC * * * * *' }),
      'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    ],
    [
      'services',
      { spec: { ports: [{ port: 80 }, { port: 81 }] } },
      '[spec.ports[0].name: Required value, spec.ports[1].name: Required value]',
    ],
    [
      'services',
      { spec: { ports: [{ port: 80 }], internalTrafficPolicy: 'x' } },
      'spec.internalTrafficPolicy: Unsupported value: "x": supported values: "Cluster", "Local"',
    ],
    ['services', { spec: { ports: [{ port: 80 }], externalIPs: ['192.0.2.1'] } }, 'right'],
    [
      'services',
      { spec: { ports: [{ port: 80 }], externalIPs: ['192.0.2.1', '169.254.170.23'] } },
      'spec.externalIPs[1]: Invalid value: "169.254.170.23": may not be unspecified, loopback, link-local or link-local multicast',
    ],
    ['persistentvolumeclaims', { spec: claim }, 'right'],
    [
      'persistentvolumeclaims',
      { spec: { ...claim, accessModes: [] } },
      'spec.accessModes: Required value: at least 1 access mode is required',
    ],
    [
      'persistentvolumes',
      { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] } },
      'spec: Required value: must specify a volume type',
    ],
    [
      'persistentvolumes',
      { spec: { accessModes: ['ReadWriteOnce'], hostPath: { path: '/a' } } },
      'spec.capacity: Required value',
    ],
    ['volumeattachments', attachment({ persistentVolumeName: 'v' }), 'right'],
    ['volumeattachments', attachment({ inlineVolumeSpec: inline }), 'right'],
    [
      'volumeattachments',
      attachment({}),
      'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
    ],
    [
      'volumeattachments',
      attachment({ inlineVolumeSpec: inline, persistentVolumeName: 'v' }),
      'spec.source: Forbidden: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
    ],
    [
      'volumeattachments',
      attachment({ persistentVolumeName: '' }),
      'spec.source.persistentVolumeName: Required value: must specify non empty persistentVolumeName',
    ],
    [
      'volumeattachments',
      attachment({ inlineVolumeSpec: { ...inline, csi: undefined, capacity: { storage: '1Gi' } } }),
      '[spec.source.inlineVolumeSpec.capacity: Forbidden: may not be specified in the context of inline volumes, spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes]',
    ],
    [
      'endpoints',
      { subsets: [{ addresses: [{ ip: '127.0.0.1' }], ports: [{ port: 1 }] }] },
      'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be unspecified, loopback, link-local or link-local multicast',
    ],
    [
      'endpointslices',
      { addressType: 'IPv4', endpoints: [{ addresses: ['fd00::1'] }] },
      'endpoints[0].addresses[0]: Invalid value: "fd00::1": must be an IPv4 address',
    ],
    [
      'endpointslices',
      { addressType: 'IPv4', endpoints: [{ addresses: ['x'] }] },
      'endpoints[0].addresses[0]: Invalid value: "x": must be a valid IP address',
    ],
    [
      'nodes',
      { spec: { taints: [{ key: 'a', effect: 'x' }] } },
      'spec.taints[0].effect: Unsupported value: "x": supported values: "NoExecute", "NoSchedule", "PreferNoSchedule"',
    ],
    [
      'horizontalpodautoscalers',
      { spec: { maxReplicas: 1, minReplicas: 2, scaleTargetRef: { kind: 'Deployment', name: 'a' } } },
      'spec.maxReplicas: Invalid value: 1: must be greater than or equal to `minReplicas`',
    ],
    [
      'ingresses',
      { spec: {} },
      'spec: Invalid value: "": either `defaultBackend` or `rules` must be specified',
    ],
    [
      'ingresses',
      {
        spec: {
          rules: [
            { http: { paths: [{ path: '/', backend: { service: { name: 'a', port: { number: 80 } } } }] } },
          ],
        },
      },
      'spec.rules[0].http.paths[0].pathType: Required value',
    ],
    [
      'ipaddresses',
      { spec: { parentRef: { resource: 'services', name: 'a' } } },
      'metadata.name: Invalid value: "x": must be a valid IP address',
    ],
    [
      'networkpolicies',
      { spec: { podSelector: {}, policyTypes: ['x'] } },
      'spec.policyTypes[0]: Unsupported value: "x": supported values: "Egress", "Ingress"',
    ],
    [
      'networkpolicies',
      {
        spec: {
          podSelector: { matchExpressions: [{ key: 'a', operator: 'Is' }] },
          ingress: [
            {
              ports: [
                { port: 80, endPort: 79 },
                { port: 'web', endPort: 80 },
                { endPort: 80 },
                { port: 80, endPort: 80 },
              ],
              from: [
                {},
                {
                  ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '10.0.0.0/8', '11.0.0.0/16', 'x'] },
                },
                { ipBlock: { cidr: '10.0.0/8' }, podSelector: {} },
                { namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } },
              ],
            },
          ],
        },
      },
      `[${[
        'spec.podSelector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
        'spec.ingress[0].ports[0].endPort: Invalid value: 79: must be greater than or equal to `port`',
        'spec.ingress[0].ports[1].endPort: Invalid value: 80: may not be specified when `port` is non-numeric',
        'spec.ingress[0].ports[2].endPort: Invalid value: 80: may not be specified when `port` is not specified',
        'spec.ingress[0].from[0]: Required value: must specify a peer',
        ...[1, 2].map(
          (at) =>
            `spec.ingress[0].from[1].ipBlock.except[${at}]: Invalid value: "${['', '10.0.0.0/8', '11.0.0.0/16'][at]}": must be a strict subset of \`cidr\``,
        ),
        'spec.ingress[0].from[1].ipBlock.except[3]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
        'spec.ingress[0].from[2].ipBlock.cidr: Invalid value: "10.0.0/8": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
        'spec.ingress[0].from[2]: Forbidden: may not specify both ipBlock and another peer',
        "spec.ingress[0].from[3].namespaceSelector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      ].join(', ')}]`,
    ],
    [
      'poddisruptionbudgets',
      { spec: { minAvailable: '1x' } },
      `spec.minAvailable: Invalid value: "1x": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')`,
    ],
    ['storageclasses', {}, 'provisioner: Required value'],
    [
      'priorityclasses',
      { value: 1_000_000_001 },
      'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
    ],
    [
      'leases',
      { spec: { leaseDurationSeconds: 0 } },
      'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
    ],
    [
      'events',
      { involvedObject: { namespace: 'other' } },
      'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
    ],
  ])('%s %#: %j', async (resource, body, words) => {
    expect(await told(resource, body)).toBe(words);
  });

  it('a value that a field cannot hold is told before', async () => {
    const { status, json } = await cluster.call('POST', `${paths.pods}/pods`, {
      ...{ metadata: { name: 'x' }, ...podWith({ resources: { limits: { cpu: 'many' } } }) },
    });
    expect([status, json.message]).toEqual([
      400,
      'Pod in version "v1" cannot be handled as a Pod: quantities must match the regular expression \'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$\'',
    ]);
  });
});

describe('workloads tell what is wrong in the order of Kubernetes', () => {
  const odd = { metadata: { labels: { app: 'b' } }, spec: { containers: [{ name: 'c' }] } };
  const mismatch = 'spec.template.metadata.labels: Invalid value: {"app":"b"}: `selector` does not match';
  const image = 'spec.template.spec.containers[0].image: Required value';
  const negative = (field: string) => `${field}: Invalid value: -1: must be greater than or equal to 0`;
  const all = (...words: readonly string[]) =>
    new RegExp(`^\\[${words.map((it) => it.replaceAll(/[[\]{}.]/g, '\\$&')).join('.*, ')}.*\\]$`);

  it.each<readonly [resource: string, spec: object, words: RegExp]>([
    [
      'deployments',
      {
        minReadySeconds: -1,
        replicas: -1,
        template: odd,
        strategy: { type: 'Odd' },
        revisionHistoryLimit: -1,
      },
      all(
        negative('spec.replicas'),
        mismatch,
        image,
        'spec.strategy.type: Unsupported value',
        negative('spec.minReadySeconds'),
        negative('spec.revisionHistoryLimit'),
      ),
    ],
    ['deployments', { selector: null, template: odd }, all('spec.selector: Required value', mismatch, image)],
    [
      'daemonsets',
      { minReadySeconds: -1, template: odd, updateStrategy: { type: 'Odd' }, revisionHistoryLimit: -1 },
      all(
        mismatch,
        image,
        negative('spec.minReadySeconds'),
        'spec.updateStrategy.type: Unsupported value',
        negative('spec.revisionHistoryLimit'),
      ),
    ],
    [
      'statefulsets',
      {
        replicas: -1,
        template: odd,
        podManagementPolicy: 'Odd',
        minReadySeconds: -1,
        ordinals: { start: -1 },
      },
      all(
        'spec.podManagementPolicy: Invalid value: "Odd"',
        negative('spec.replicas'),
        negative('spec.minReadySeconds'),
        negative('spec.ordinals.start'),
        mismatch,
        image,
      ),
    ],
    [
      'deployments',
      { selector: {} },
      /^spec\.selector: Invalid value: \{\}: empty selector is invalid for deployment$/,
    ],
    [
      'daemonsets',
      {
        template: { metadata: { labels }, spec: { containers: [container], activeDeadlineSeconds: 1 } },
      },
      /^spec\.template\.spec\.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported$/,
    ],
    [
      'statefulsets',
      { selector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['a'] }] } },
      /^spec\.template\.metadata\.labels: Invalid value: \{"app":"a"\}: `selector` does not match template `labels`$/,
    ],
  ])('%s %j', async (resource, spec, words) => {
    expect(await told(resource, workload(spec))).toMatch(words);
  });
});

describe('a change of what stays as it was made is refused', () => {
  const merge = { 'content-type': 'application/merge-patch+json' };

  it.each<readonly [resource: string, body: object, change: object, words: string]>([
    [
      'statefulsets',
      workload({ serviceName: 'a' }),
      { spec: { serviceName: 'b' } },
      'spec: Forbidden: updates to statefulset spec for fields other than',
    ],
    ['jobs', job(), { spec: { completions: 2 } }, 'spec.completions: Invalid value: 2: field is immutable'],
    [
      'jobs',
      job(),
      { spec: { template: { spec: { nodeSelector: { a: 'b' } } } } },
      'spec.template: Invalid value: ',
    ],
    ['jobs', job({ suspend: true }), { spec: { template: { spec: { nodeSelector: { a: 'b' } } } } }, 'right'],
    [
      'persistentvolumeclaims',
      { spec: claim },
      { spec: { accessModes: ['ReadOnlyMany'] } },
      'spec: Forbidden: spec is immutable after creation',
    ],
    [
      'storageclasses',
      { provisioner: 'a' },
      { provisioner: 'b' },
      'provisioner: Forbidden: updates to provisioner are forbidden.',
    ],
    ['runtimeclasses', { handler: 'a' }, { handler: 'b' }, 'handler: Invalid value: "b": field is immutable'],
    [
      'endpointslices',
      { addressType: 'IPv4', endpoints: [] },
      { addressType: 'IPv6' },
      'addressType: Invalid value: "IPv6": field is immutable',
    ],
    [
      'pods',
      pod(),
      { spec: { nodeName: 'n' } },
      'spec: Forbidden: pod updates may not change fields other than',
    ],
    [
      'pods',
      pod(),
      { spec: { containers: [container, { ...container, name: 'd' }] } },
      'spec.containers: Forbidden: pod updates may not add or remove containers',
    ],
    [
      'pods',
      pod({ schedulingGates: [{ name: 'a' }] }),
      { spec: { schedulingGates: null, nodeSelector: { a: 'b' } } },
      'right',
    ],
    [
      'pods',
      pod({ activeDeadlineSeconds: 5 }),
      { spec: { activeDeadlineSeconds: 6 } },
      'spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value',
    ],
    [
      'ingressclasses',
      { spec: { controller: 'a.io/b' } },
      { spec: { controller: 'c.io/d' } },
      'spec.controller: Invalid value: "c.io/d": field is immutable',
    ],
  ])('%s %#', async (resource, body, change, words) => {
    const { json: made, status } = await cluster.call('POST', `${paths[resource]}/${resource}`, {
      ...{ metadata: { generateName: 'x-' }, ...body },
    });
    expect([status, made.message]).toEqual([201, undefined]);
    const own = `${paths[resource]}/${resource}/${made.metadata.name}`;
    const changed = await cluster.call('PATCH', own, change, merge);
    const said =
      changed.status === 200 ? 'right' : String(changed.json.message).replace(/^.*? is invalid: /, '');
    expect(said.slice(0, words.length)).toBe(words);
  });
});

describe('a claim', () => {
  it('that has more than it asked for can be changed, and ask for less only down to what it has', async () => {
    const merge = { 'content-type': 'application/merge-patch+json' };
    const own = `${paths.persistentvolumeclaims}/persistentvolumeclaims/roomy`;
    await cluster.call('POST', own.slice(0, own.lastIndexOf('/')), {
      metadata: { name: 'roomy' },
      spec: claim,
    });
    const status = { phase: 'Bound', capacity: { storage: '2Gi' } };
    await cluster.call('PATCH', `${own}/status`, { status }, merge);
    const asking = async (storage: string) => {
      const spec = { resources: { requests: { storage } } };
      const { status, json } = await cluster.call('PATCH', own, { spec }, merge);
      return status === 200 ? 'right' : json.message.replace(/^.*? is invalid: /, '');
    };
    const labelled = await cluster.call('PATCH', own, { metadata: { labels: { a: 'b' } } }, merge);
    expect([labelled.status, labelled.json.message]).toEqual([200, undefined]);
    const less = expect.stringContaining('field can not be less than status.capacity');
    expect(await asking('500Mi')).toEqual(less);
  });
});

describe('what nobody said', () => {
  it('is set: of budgets of pods, policies of networks, autoscalers, drivers and claims of sets', async () => {
    const made = async (resource: string, body: object) =>
      (
        await cluster.call('POST', `${paths[resource]}/${resource}?dryRun=All`, {
          metadata: { name: 'x' },
          ...body,
        })
      ).json;
    expect((await made('networkpolicies', { spec: { egress: [{ ports: [{ port: 1 }] }] } })).spec).toEqual({
      ...{ podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
      egress: [{ ports: [{ port: 1, protocol: 'TCP' }] }],
    });
    const target = { kind: 'Deployment', name: 'a', apiVersion: 'apps/v1' };
    expect(
      (await made('horizontalpodautoscalers', { spec: { maxReplicas: 3, scaleTargetRef: target } })).spec,
    ).toMatchObject({ minReplicas: 1, metrics: [{ resource: { target: { averageUtilization: 80 } } }] });
    expect((await made('csidrivers', { spec: {} })).spec).toMatchObject({
      ...{ attachRequired: true, volumeLifecycleModes: ['Persistent'] },
    });
    const set = await made(
      'statefulsets',
      workload({ volumeClaimTemplates: [{ metadata: { name: 'd' }, spec: claim }] }),
    );
    expect(set.spec.volumeClaimTemplates[0]).toMatchObject({
      ...{ kind: 'PersistentVolumeClaim', apiVersion: 'v1', spec: { volumeMode: 'Filesystem' } },
      status: { phase: 'Pending' },
    });
    // What was set so is known when it comes back.
    const strict = await cluster.call(
      ...(['POST', `${paths.statefulsets}/statefulsets?dryRun=All&fieldValidation=Strict`] as const),
      { metadata: { name: 'y' }, spec: set.spec },
    );
    expect([strict.status, strict.json.message]).toEqual([201, undefined]);
    expect((await made('nodes', { status: { capacity: { cpu: '2' } } })).status.allocatable).toEqual({
      cpu: '2',
    });
  });

  it('and quantities and times have one form', async () => {
    const { json } = await cluster.call('POST', `${paths.pods}/pods?dryRun=All`, {
      metadata: { name: 'x' },
      ...podWith({ resources: { limits: { cpu: 1.5, memory: '1024Mi' } } }),
    });
    expect(json.spec.containers[0].resources.limits).toEqual({ cpu: '1500m', memory: '1Gi' });
    const lease = await cluster.call('POST', `${paths.leases}/leases?dryRun=All`, {
      ...{ metadata: { name: 'x' }, spec: { renewTime: '2026-01-01T02:00:00.5+02:00' } },
    });
    expect(lease.json.spec.renewTime).toBe('2026-01-01T00:00:00.500000Z');
  });
});
