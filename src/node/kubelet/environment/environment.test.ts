import { describe, expect, it } from 'vitest';
import type { EnvFromSource, EnvVar, Pod, PodContainer, PodSpec } from '../objects/pod.ts';
import type { ReferencedObjects } from '../objects/referenced-objects.ts';
import { containerEnvironment, type EnvironmentInputs } from './container-environment.ts';
import { expand, expandCommand, expandKnown } from './expansion.ts';
import { metadataField, resourceField } from './fields.ts';
import type { Service } from './service-variables.ts';

const container = (more: Partial<PodContainer> = {}): PodContainer => ({ name: 'app', ...more });
const pod = (more: Partial<PodSpec> = {}, metadata: Partial<Pod['metadata']> = {}): Pod => ({
  metadata: { name: 'web', namespace: 'shop', uid: 'u-1', ...metadata },
  spec: { nodeName: 'node-1', serviceAccountName: 'seller', containers: [container()], ...more },
});

const bytes = (values: Readonly<Record<string, string>>) =>
  new Map(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)]));
const objects: ReferencedObjects = {
  configMap: async (namespace, name) =>
    namespace === 'shop' && name === 'settings'
      ? {
          text: new Map([
            ['color', 'red'],
            ['a.b', 'dotted'],
          ]),
          binary: bytes({ raw: 'x' }),
        }
      : undefined,
  secret: async (namespace, name) =>
    namespace === 'shop' && name === 'keys' ? bytes({ password: 'geheim', color: 'blue' }) : undefined,
};
const service = (
  name: string,
  namespace: string,
  clusterIP: string,
  ports: readonly { readonly name?: string; readonly port: number; readonly protocol?: string }[],
): Service => ({ metadata: { name, namespace }, spec: { clusterIP, ports } });
const kubernetes = service('kubernetes', 'default', '10.100.0.1', [{ name: 'https', port: 443 }]);

async function environment(
  env: readonly EnvVar[],
  envFrom: readonly EnvFromSource[] = [],
  more: Partial<EnvironmentInputs> = {},
): Promise<Record<string, string>> {
  const inputs: EnvironmentInputs = {
    ...{ pod: pod(), container: container({ env, envFrom }), objects, hostname: 'web', services: [] },
    addresses: { podIps: ['10.0.0.7'], hostIps: ['10.0.0.1'] },
    allocatable: { cpu: '2', memory: '4Gi' },
    volumes: new Map(),
    ...more,
  };
  const { HOSTNAME, ...rest } = Object.fromEntries(
    await containerEnvironment(inputs, AbortSignal.timeout(30_000)),
  );
  return rest;
}

describe('references in texts', () => {
  const values = new Map([
    ['A', 'one'],
    ['EMPTY', ''],
  ]);
  it.each([
    ['$(A)', 'one'],
    ['x$(A)y$(A)', 'xoney' + 'one'],
    ['$(EMPTY)', ''],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$one'],
    ['$$$$(A)', '$$(A)'],
    ['$(B)', '$(B)'],
    ['$(A', '$(A'],
    ['$(A)$$(A$$', 'one$(A$'],
    ['$A {A} $', '$A {A} $'],
    ['$()', '$()'],
    ['$($(A))', '$($(A))'],
  ])('%s becomes %s', (text, expanded) => {
    expect(expand(text, (name) => values.get(name))).toBe(expanded);
  });

  it('come to no more than a program may be given, however often each doubles what was before', async () => {
    const doubling = Array.from({ length: 40 }, (_, at) => ({
      name: `V${at + 1}`,
      value: at === 0 ? 'x'.repeat(1_000) : `$(V${at})$(V${at})`,
    }));
    await expect(environment(doubling)).rejects.toThrow('argument list too long');
    const annotated = pod({}, { annotations: { long: 'x'.repeat(200_000) } });
    const repeated = Array.from({ length: 11 }, (_, at) => ({
      ...{ name: `V${at}`, valueFrom: { fieldRef: { fieldPath: "metadata.annotations['long']" } } },
    }));
    await expect(environment(repeated, [], { pod: annotated })).rejects.toThrow('argument list too long');
    expect(Object.keys(await environment(repeated.slice(0, 10), [], { pod: annotated }))).toContain('V9');
    const command = Array.from({ length: 3_000 }, () => '$(LONG)');
    const long = new Map([['LONG', 'x'.repeat(1_000)]]);
    expect(() => expandCommand({ command }, long)).toThrow('argument list too long');
    expect(expandCommand({ command: command.slice(0, 2_000) }, long).command).toHaveLength(2_000);
  });

  it('are found at once where many begin and none ends', { timeout: 20_000 }, () => {
    const text = '$('.repeat(500_000);
    expect(expand(text, () => 'x') === text).toBe(true);
  });

  it('must all be known in a subPathExpr', () => {
    expect(expandKnown('logs/$(A)', (name) => values.get(name))).toBe('logs/one');
    expect(() => expandKnown('logs/$(B)', (name) => values.get(name))).toThrow('missing value for "B"');
  });

  it('are put in for command and args', () => {
    expect(expandCommand({ command: ['sh', '$(A)'], args: ['$(B)'] }, values)).toEqual({
      command: ['sh', 'one'],
      args: ['$(B)'],
    });
  });
});

describe('a container has in its environment', () => {
  it('what it says, where a value refers to those before it', async () => {
    const env = [
      { name: 'B', value: '$(A) too early' },
      { name: 'A', value: '1' },
      { name: 'C', value: '$(A)$(A)' },
      { name: 'EMPTY' },
    ];
    expect(await environment(env)).toEqual({ A: '1', B: '$(A) too early', C: '11', EMPTY: '' });
  });

  it('what its pod is', async () => {
    const ref = (name: string, fieldPath: string): EnvVar => ({
      name,
      valueFrom: { fieldRef: { fieldPath } },
    });
    const of = pod({}, { labels: { tier: 'front' }, annotations: { 'example.com/note': 'a\n"b"' } });
    const env = [
      ref('NAME', 'metadata.name'),
      ref('UID', 'metadata.uid'),
      ref('TIER', "metadata.labels['tier']"),
      ref('NOTE', "metadata.annotations['example.com/note']"),
      ref('NO_LABEL', "metadata.labels['constructor']"),
      ref('NODE', 'spec.nodeName'),
      ref('ACCOUNT', 'spec.serviceAccountName'),
      ref('HOST', 'status.hostIP'),
      ref('IP', 'status.podIP'),
      ref('IPS', 'status.podIPs'),
    ];
    expect(await environment(env, [], { pod: of })).toEqual({
      ...{ NAME: 'web', UID: 'u-1', TIER: 'front', NOTE: 'a\n"b"', NO_LABEL: '' },
      ...{ NODE: 'node-1', ACCOUNT: 'seller', HOST: '10.0.0.1', IP: '10.0.0.7', IPS: '10.0.0.7' },
    });
  });

  it('what ConfigMaps and Secrets hold, and its own over it', async () => {
    const envFrom = [
      { configMapRef: { name: 'settings' } },
      { secretRef: { name: 'keys' } },
      { prefix: 'S_', secretRef: { name: 'keys' } },
      { configMapRef: { name: 'gone', optional: true } },
    ];
    const env = [
      { name: 'password', value: 'mine' },
      { name: 'PICKED', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
      { name: 'SECRET', valueFrom: { secretKeyRef: { name: 'keys', key: 'password' } } },
      { name: 'UNSET', valueFrom: { secretKeyRef: { name: 'keys', key: 'no', optional: true } } },
    ];
    expect(await environment(env, envFrom)).toEqual({
      ...{ color: 'blue', 'a.b': 'dotted', password: 'mine', S_password: 'geheim', S_color: 'blue' },
      ...{ PICKED: 'red', SECRET: 'geheim' },
    });
  });

  it.each<[string, EnvVar['valueFrom']]>([
    ['configmap "gone" not found', { configMapKeyRef: { name: 'gone', key: 'k' } }],
    ['secret "gone" not found', { secretKeyRef: { name: 'gone', key: 'k' } }],
    ["couldn't find key k in ConfigMap shop/settings", { configMapKeyRef: { name: 'settings', key: 'k' } }],
    [
      "couldn't find key raw in ConfigMap shop/settings",
      { configMapKeyRef: { name: 'settings', key: 'raw' } },
    ],
    ["couldn't find key k in Secret shop/keys", { secretKeyRef: { name: 'keys', key: 'k' } }],
    ['container other not found', { resourceFieldRef: { containerName: 'other', resource: 'limits.cpu' } }],
  ])('nothing, but the error %s', async (message, valueFrom = {}) => {
    await expect(environment([{ name: 'X', valueFrom }])).rejects.toThrow(message);
  });

  it('nothing, where all of an object is asked for that is not there', async () => {
    await expect(environment([], [{ configMapRef: { name: 'gone' } }])).rejects.toThrow(
      'configmap "gone" not found',
    );
  });

  it('the services of its namespace and the API, as upstream names them', async () => {
    const services = [
      kubernetes,
      service('web-front', 'shop', '10.100.0.9', [
        { name: 'http-alt', port: 8080 },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ]),
      service('headless', 'shop', 'None', [{ port: 1 }]),
      service('elsewhere', 'other', '10.100.0.8', [{ port: 1 }]),
    ];
    const api = {
      KUBERNETES_SERVICE_HOST: '10.100.0.1',
      KUBERNETES_SERVICE_PORT: '443',
      KUBERNETES_SERVICE_PORT_HTTPS: '443',
      KUBERNETES_PORT: 'tcp://10.100.0.1:443',
      KUBERNETES_PORT_443_TCP: 'tcp://10.100.0.1:443',
      KUBERNETES_PORT_443_TCP_PROTO: 'tcp',
      KUBERNETES_PORT_443_TCP_PORT: '443',
      KUBERNETES_PORT_443_TCP_ADDR: '10.100.0.1',
    };
    expect(await environment([], [], { services })).toEqual({
      ...api,
      WEB_FRONT_SERVICE_HOST: '10.100.0.9',
      WEB_FRONT_SERVICE_PORT: '8080',
      WEB_FRONT_SERVICE_PORT_HTTP_ALT: '8080',
      WEB_FRONT_SERVICE_PORT_DNS: '53',
      WEB_FRONT_PORT: 'tcp://10.100.0.9:8080',
      WEB_FRONT_PORT_8080_TCP: 'tcp://10.100.0.9:8080',
      WEB_FRONT_PORT_8080_TCP_PROTO: 'tcp',
      WEB_FRONT_PORT_8080_TCP_PORT: '8080',
      WEB_FRONT_PORT_8080_TCP_ADDR: '10.100.0.9',
      WEB_FRONT_PORT_53_UDP: 'udp://10.100.0.9:53',
      WEB_FRONT_PORT_53_UDP_PROTO: 'udp',
      WEB_FRONT_PORT_53_UDP_PORT: '53',
      WEB_FRONT_PORT_53_UDP_ADDR: '10.100.0.9',
    });
    const unlinked = pod({ enableServiceLinks: false });
    expect(await environment([], [], { services, pod: unlinked })).toEqual(api);
    const env = [
      { name: 'URL', value: 'https://$(KUBERNETES_SERVICE_HOST)' },
      { name: 'KUBERNETES_PORT', value: 'mine' },
    ];
    expect(await environment(env, [], { services, pod: unlinked })).toEqual({
      ...{ ...api, KUBERNETES_PORT: 'mine', URL: 'https://10.100.0.1' },
    });
  });

  it('its own name, unless it says another', async () => {
    const inputs: EnvironmentInputs = {
      ...{ pod: pod(), container: container(), objects, hostname: 'web', services: [] },
      ...{ addresses: { podIps: [], hostIps: [] }, allocatable: {}, volumes: new Map() },
    };
    const signal = AbortSignal.timeout(30_000);
    expect([...(await containerEnvironment(inputs, signal))]).toEqual([['HOSTNAME', 'web']]);
    const named = { ...inputs, container: container({ env: [{ name: 'HOSTNAME', value: 'own' }] }) };
    expect([...(await containerEnvironment(named, signal))]).toEqual([['HOSTNAME', 'own']]);
  });
});

describe('amounts of resources', () => {
  const limited = container({
    resources: {
      limits: { cpu: '250m', memory: '100Mi', 'hugepages-2Mi': '4Mi' },
      requests: { cpu: '1', memory: '64Mi' },
    },
  });
  const of = pod({ containers: [limited], initContainers: [container({ name: 'first' })] });
  const allocatable = { cpu: '1930m', memory: '3Gi', 'ephemeral-storage': '10Gi' };

  it.each([
    ['limits.cpu', undefined, '1'],
    ['limits.cpu', '0', '1'],
    ['limits.cpu', '1m', '250'],
    ['requests.cpu', '1m', '1000'],
    ['limits.memory', undefined, '104857600'],
    ['limits.memory', '1Mi', '100'],
    ['limits.memory', '1Gi', '1'],
    ['limits.hugepages-2Mi', '1Mi', '4'],
    ['requests.hugepages-2Mi', '1Mi', '0'],
    ['limits.ephemeral-storage', '1Gi', '10'],
    ['requests.ephemeral-storage', undefined, '0'],
  ])('%s by %s is %s', (resource, divisor, expected) => {
    const selector = { resource, ...(divisor !== undefined && { divisor }) };
    expect(resourceField(selector, of, limited, allocatable)).toBe(expected);
  });

  it('are the node’s where a container has no limit', () => {
    const selector = { containerName: 'first', resource: 'limits.cpu', divisor: '1m' };
    expect(resourceField(selector, of, limited, allocatable)).toBe('1930');
  });

  it('are refused of other resources', () => {
    expect(() => resourceField({ resource: 'limits.pods' }, of, limited, {})).toThrow(
      'Unsupported container resource : limits.pods',
    );
  });
});

describe('all labels of a pod', () => {
  it('are lines, sorted, quoted as Go quotes', () => {
    const annotations = { z: 'tab\tbell\x07', a: 'ü “x” \\ "y"\n', 'b/c': '\u200b\x00' };
    expect(metadataField('metadata.annotations', pod({}, { annotations }))).toBe(
      ['a="ü “x” \\\\ \\"y\\"\\n"', 'b/c="\\u200b\\x00"', 'z="tab\\tbell\\a"'].join('\n'),
    );
    expect(metadataField('metadata.labels', pod())).toBe('');
    expect(() => metadataField('spec.nodeName', pod())).toThrow('unsupported fieldPath: spec.nodeName');
  });
});
