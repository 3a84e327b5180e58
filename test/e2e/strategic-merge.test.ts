import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyStrategicMergePatch } from '../../src/kubernetes/patch/strategic-merge.ts';
import { messageNamed } from '../../src/kubernetes/schema/messages.ts';
import { fetchKubectl } from './kubectl.ts';

const run = promisify(execFile);
let kubectl = '';
let directory = '';
beforeAll(async () => {
  kubectl = await fetchKubectl();
  directory = mkdtempSync(join(tmpdir(), 'strategic-merge-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const container = (name: string, more: object = {}) => ({ name, image: `${name}:1`, ...more });
const pod = {
  ...{ apiVersion: 'v1', kind: 'Pod' },
  metadata: { name: 'p', labels: { a: '1', b: '2' }, finalizers: ['x/a', 'x/b', 'x/c'] },
  spec: {
    containers: [
      container('a', {
        env: ['E', 'F', 'G'].map((name) => ({ name, value: name })),
        ports: [{ containerPort: 80 }, { containerPort: 443, name: 'tls' }],
        command: ['x', 'y'],
        resources: { limits: { cpu: '1' }, requests: { cpu: '1', memory: '1Gi' } },
      }),
      container('b'),
      container('c'),
    ],
    volumes: [
      { name: 'v', emptyDir: {} },
      { name: 'w', configMap: { name: 'c', items: [{ key: 'k', path: 'p' }] } },
    ],
    tolerations: [{ key: 'x', operator: 'Exists' }],
    nodeSelector: { a: '1', b: '2' },
    imagePullSecrets: [{ name: 'p' }, { name: 'q' }],
  },
};
const service = {
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 's' } },
  spec: {
    selector: { a: '1' },
    ports: [
      { name: 'http', port: 80 },
      { name: 'tls', port: 443 },
    ],
  },
};
const serviceAccount = {
  ...{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'sa' } },
  secrets: [{ name: 'x' }, { name: 'y' }],
};

/** Several rules in each, for every one is a start of kubectl. */
const cases: readonly (readonly [kind: 'Pod' | 'Service' | 'ServiceAccount', patch: object])[] = [
  [
    'Pod',
    {
      metadata: { labels: { a: null, c: '3' }, finalizers: ['x/d', 'x/a'] },
      spec: {
        containers: [container('n'), { name: 'b', image: 'b:2' }, { name: 'c', $patch: 'delete' }],
        imagePullSecrets: [{ name: 'r' }],
        nodeSelector: { $patch: 'replace', z: '1' },
        tolerations: [{ key: 'y' }],
        volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }],
      },
    },
  ],
  [
    'Pod',
    {
      metadata: { labels: { $patch: 'replace', z: '1' }, '$deleteFromPrimitiveList/finalizers': ['x/b'] },
      spec: {
        containers: [{ $patch: 'replace' }, { name: 'only', image: 'o' }],
        nodeSelector: { $patch: 'delete' },
        volumes: [{ name: 'w', configMap: { items: [{ key: 'k2', path: 'p2' }] } }],
        tolerations: null,
      },
    },
  ],
  [
    'Pod',
    {
      metadata: {
        '$setElementOrder/finalizers': ['x/n', 'x/c', 'x/a'],
        '$deleteFromPrimitiveList/finalizers': ['x/b'],
        finalizers: ['x/n'],
      },
      spec: {
        '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }],
        containers: [
          {
            name: 'a',
            '$setElementOrder/env': [{ name: 'N' }, { name: 'F' }, { name: 'E' }],
            env: [
              { name: 'N', value: '2' },
              { name: 'G', $patch: 'delete' },
            ],
            ports: [{ containerPort: 80, name: 'web' }, { containerPort: 81 }],
            resources: { limits: null, requests: { memory: null } },
            command: ['z'],
          },
        ],
        '$setElementOrder/imagePullSecrets': [{ name: 'q' }, { name: 'r' }, { name: 'p' }],
        imagePullSecrets: [{ name: 'r' }],
      },
    },
  ],
  [
    'Pod',
    { spec: { containers: [{ name: 'a', $patch: 'replace', image: 'r' }, container('z'), container('y')] } },
  ],
  [
    'Pod',
    {
      metadata: { finalizers: ['x/n', 'x/n', 'x/a'] },
      spec: {
        // Within what is new, directives stay; what has one of its own is not there.
        containers: [
          container('n', {
            $retainKeys: ['name'],
            env: [
              { name: 'E', $patch: 'delete' },
              { name: 'F', value: null },
            ],
            '$setElementOrder/env': [{ name: 'F' }],
            '$deleteFromPrimitiveList/command': ['x'],
            resources: { $patch: 'delete', limits: { cpu: '1' } },
          }),
        ],
        initContainers: [container('i', { $patch: 'delete' }), container('j', { command: null })],
        ephemeralContainers: [container('e', { $patch: 'merge' })],
        securityContext: { $patch: 'replace', runAsUser: 1 },
        affinity: { $retainKeys: ['nodeAffinity'], nodeAffinity: {} },
      },
    },
  ],
  [
    'Pod',
    {
      $patch: 'replace',
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: { name: 'q', labels: { a: null, $patch: 'replace' } },
    },
  ],
  [
    'Service',
    { spec: { ports: [{ port: 81 }, { port: 443, $patch: 'delete' }, { port: 80, targetPort: 9 }] } },
  ],
  [
    'ServiceAccount',
    { '$setElementOrder/secrets': [{ name: 'y' }, { name: 'z' }, { name: 'x' }], secrets: [{ name: 'z' }] },
  ],
];
const kinds = {
  Pod: ['k8s.io.api.core.v1.Pod', pod],
  Service: ['k8s.io.api.core.v1.Service', service],
  ServiceAccount: ['k8s.io.api.core.v1.ServiceAccount', serviceAccount],
} as const;

/** What is refused, each for one thing. */
const refused: readonly object[] = [
  {
    spec: {
      '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }],
      containers: [container('a'), container('b')],
    },
  },
  { spec: { '$setElementOrder/containers': [{ name: 'b' }], containers: [container('a')] } },
  { metadata: { '$setElementOrder/finalizers': ['x/b', 'x/a'], finalizers: ['x/a', 'x/b'] } },
  { spec: { '$setElementOrder/containers': 'a' } },
  { metadata: { labels: { '$setElementOrder/a': ['a'] } } },
  { spec: { '$setElementOrder/odd': ['a'] } },
  { spec: { volumes: [{ name: 'v', $retainKeys: ['name'], hostPath: { path: '/x' } }] } },
  { spec: { volumes: [{ name: 'v', $retainKeys: 'name' }] } },
  { spec: { containers: [{ name: 'a', $patch: 'odd' }] } },
  { spec: { containers: [{ $patch: 'delete' }] } },
  { spec: { containers: ['a'] } },
  { spec: { nodeSelector: { $patch: 'odd' } } },
];

const locally = (object: object, patch: object) => {
  const file = join(directory, 'object.json');
  writeFileSync(file, JSON.stringify(object));
  const args = ['--local', '-o', 'json', '--type=strategic', '-f', file, '-p', JSON.stringify(patch)];
  return run(kubectl, ['patch', ...args], { env: { HOME: directory, KUBECONFIG: '/dev/null' } });
};

describe('a strategic merge patch comes to what kubectl makes of it without a server', () => {
  it.each(cases)('%s %j', async (kind, patch) => {
    const [message, object] = kinds[kind];
    const { stdout } = await locally(object, patch);
    const merged = applyStrategicMergePatch(messageNamed(message), object, JSON.parse(JSON.stringify(patch)));
    expect(merged).toEqual(JSON.parse(stdout));
  });

  it.each(refused)('or to the same refusal: %j', async (patch) => {
    const [message, object] = kinds.Pod;
    const told: string = await locally(object, patch).then(
      () => 'it was done',
      (error: Error & { readonly stderr: string }) => error.stderr,
    );
    const merge = () =>
      applyStrategicMergePatch(messageNamed(message), object, JSON.parse(JSON.stringify(patch)));
    expect(merge).toThrow(told.replace(/^error: /, '').trimEnd());
  });
});
