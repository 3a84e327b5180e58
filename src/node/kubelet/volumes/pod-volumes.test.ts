import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { seededRandom, systemClock } from '../../../clock/index.ts';
import { silentLog } from '../../../log.ts';
import { imageArchive, tar } from '../../../runtime/index.ts';
import { ApiClient } from '../api/api-client.ts';
import type { Pod } from '../objects/pod.ts';
import { TestNodes, testNode } from '../testing/test-cluster.ts';
import { ownMountPoints } from './mount-points.ts';
import { NodeVolumes } from './pod-volumes.ts';

const own = ownMountPoints();
const clock = systemClock();
let nodes: TestNodes;
let api: ApiClient;
beforeAll(async () => {
  nodes = await TestNodes.open();
  api = new ApiClient(await nodes.access(testNode.name), { clock, random: seededRandom(1) });
});
afterAll(async () => {
  api[Symbol.dispose]();
  await nodes[Symbol.asyncDispose]();
});

let directory: string;
let volumes: NodeVolumes;
const troubles: string[] = [];
const runtime = {
  saveImage: async function* (reference: string) {
    const file = { path: 'deep/file', content: reference };
    yield await imageArchive({ reference: 'saved', layers: [await tar([file])], config: {} });
  },
};
const open = (mountPoints = own) =>
  new NodeVolumes({
    mountPoints,
    ...{
      api,
      runtime,
      clock,
      random: seededRandom(2),
      log: silentLog,
      stateDirectory: join(directory, 'state'),
    },
    allocatable: { cpu: '1930m', memory: '3Gi' },
    onTrouble: (_, message) => troubles.push(message),
  });
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volumes-'));
  volumes = open();
  troubles.length = 0;
});
afterEach(async () => {
  await volumes[Symbol.asyncDispose]();
  await own.remove(directory);
});

const { signal } = new AbortController();
const core = '/api/v1/namespaces/default';
let made = 0;
const call = async (method: string, path: string, body?: object, headers?: Record<string, string>) => {
  const answer = await nodes.cluster.call(method, path, body, headers);
  expect([200, 201], answer.text).toContain(answer.status);
  return answer.json;
};
const put = (plural: string, name: string, body: object) =>
  call('POST', `${core}/${plural}`, { metadata: { name }, ...body });
const patch = (path: string, body: object) =>
  call('PATCH', `${core}/${path}`, body, { 'content-type': 'application/merge-patch+json' });
const unused = (prefix: string): string => {
  made += 1;
  return `${prefix}-${made}`;
};

/** A pod of this node with these volumes, as the API server has it. */
async function pod(list: readonly object[], spec: object = {}, metadata: object = {}): Promise<Pod> {
  return put('pods', unused('pod'), {
    metadata: { name: unused('pod'), ...metadata },
    spec: {
      ...{ nodeName: testNode.name, containers: [{ name: 'app', image: 'busybox' }] },
      ...{ automountServiceAccountToken: false, volumes: list, ...spec },
    },
  });
}
const mounted = async (of: Pod, name = 'v'): Promise<string> => {
  const source = (await volumes.mount(of, signal)).get(name)?.source;
  expect(source).toBeDefined();
  return source ?? '';
};
const shown = (path: string) => readdirSync(path).filter((name) => !name.startsWith('..'));
const read = (...path: string[]) => readFileSync(join(...path), 'utf8');
const until = <T>(check: () => T) => vi.waitFor(check, { interval: 20 });
const tmpfsMagic = 0x01021994;

it('a ConfigMap’s files follow it', async () => {
  const name = unused('cm');
  await put('configmaps', name, { data: { a: '1', b: '2' }, binaryData: { raw: 'AP8=' } });
  const path = await mounted(await pod([{ name: 'v', configMap: { name } }]));
  expect(path).toMatch(/\/pods\/[-0-9a-f]{36}\/volumes\/kubernetes\.io~configmap\/v$/);
  expect([shown(path), read(path, 'a')]).toEqual([['a', 'b', 'raw'], '1']);
  expect([...readFileSync(join(path, 'raw'))]).toEqual([0, 255]);
  expect(statSync(join(path, 'a')).mode & 0o777).toBe(0o644);
  await patch(`configmaps/${name}`, { data: { a: 'new', b: null } });
  await until(() => expect([shown(path), read(path, 'a')]).toEqual([['a', 'raw'], 'new']));
  await call('DELETE', `${core}/configmaps/${name}`);
  await until(() =>
    expect(troubles).toContain(`MountVolume.SetUp failed for volume "v" : configmap "${name}" not found`),
  );
  expect(read(path, 'a')).toBe('new');
});

it('what changes of a pod while its volumes are unmounted mounts none of them again', async () => {
  const of = await pod([
    { name: 'v', downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'metadata.name' } }] } },
  ]);
  const directory = join(await mounted(of), '../../..');
  await volumes[Symbol.asyncDispose]();
  const { promise: removing, resolve: goOn } = Promise.withResolvers<void>();
  const remove = vi.fn(async (path: string) => {
    await removing;
    await own.remove(path);
  });
  volumes = open({ ...own, remove });
  await mounted(of);
  const unmounting = volumes.unmount(of.metadata.uid);
  await until(() => expect(remove).toHaveBeenCalled());
  volumes.changed(of);
  goOn();
  await unmounting;
  // Another pod’s files follow it: by then so would this one’s.
  const other = await pod([
    { name: 'v', downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'metadata.labels' } }] } },
  ]);
  const path = await mounted(other);
  volumes.changed({ ...other, metadata: { ...other.metadata, labels: { is: 'new' } } });
  await until(() => expect(read(path, 'a')).toContain('new'));
  expect(existsSync(directory)).toBe(false);
});

it('a Secret’s chosen keys have their own names and modes, in memory', async () => {
  const name = unused('secret');
  await put('secrets', name, { stringData: { user: 'me', password: 'geheim' } });
  const items = [
    { key: 'password', path: 'deep/pw', mode: 0o400 },
    { key: 'user', path: 'u' },
  ];
  const of = await pod([{ name: 'v', secret: { secretName: name, items, defaultMode: 0o440 } }]);
  const path = await mounted(of);
  expect([shown(path), read(path, 'deep/pw')]).toEqual([['deep', 'u'], 'geheim']);
  expect([statSync(join(path, 'deep/pw')).mode & 0o777, statSync(join(path, 'u')).mode & 0o777]).toEqual([
    0o400, 0o440,
  ]);
  if (own.canMount) expect(statfsSync(path).type).toBe(tmpfsMagic);
  await volumes.unmount(of.metadata.uid);
  expect(existsSync(path)).toBe(false);
  await volumes.unmount(of.metadata.uid);
});

it('what is not there fails, in upstream’s words, until it is', async () => {
  const [name, key] = [unused('late'), unused('key')];
  const optional = { name: unused('never'), optional: true };
  const of = await pod([
    { name: 'v', configMap: { name } },
    { name: 'w', secret: { secretName: name } },
    { name: 'o', configMap: optional },
  ]);
  await expect(volumes.mount(of, signal)).rejects.toMatchObject({
    failures: [
      `MountVolume.SetUp failed for volume "v" : configmap "${name}" not found`,
      `MountVolume.SetUp failed for volume "w" : secret "${name}" not found`,
    ],
  });
  await put('configmaps', name, { data: { a: '1' } });
  await put('secrets', name, { stringData: { a: '2' } });
  await until(async () => expect(shown(await mounted(of))).toEqual(['a']));
  expect(shown(await mounted(of, 'o'))).toEqual([]);
  const missing = await pod([{ name: 'v', configMap: { name, items: [{ key, path: 'x' }] } }]);
  await expect(volumes.mount(missing, signal)).rejects.toThrow(
    `MountVolume.SetUp failed for volume "v" : configmap references non-existent config key: ${key}`,
  );
});

it('an immutable object is read once', async () => {
  const name = unused('fixed');
  await put('configmaps', name, { data: { a: '1' }, immutable: true });
  const of = await pod([{ name: 'v', configMap: { name } }]);
  const path = await mounted(of);
  await call('DELETE', `${core}/configmaps/${name}`);
  await put('configmaps', name, { data: { a: 'other' } });
  expect([await mounted(of), read(path, 'a')]).toEqual([path, '1']);
});

it('a projected volume joins its sources, with a token that is the pod’s', async () => {
  const name = unused('many');
  await put('configmaps', name, { data: { a: '1' } });
  const sources = [
    { configMap: { name, items: [{ key: 'a', path: 'cm/a' }] } },
    { downwardAPI: { items: [{ path: 'ns', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
    { serviceAccountToken: { path: 'token', audience: 'vault', expirationSeconds: 7_200 } },
  ];
  const of = await pod([{ name: 'v', projected: { sources } }]);
  const path = await mounted(of);
  expect([shown(path), read(path, 'cm/a'), read(path, 'ns')]).toEqual([
    ['cm', 'ns', 'token'],
    '1',
    'default',
  ]);
  const token = read(path, 'token');
  expect(decodeJwt(token)).toMatchObject({
    aud: ['vault'],
    sub: 'system:serviceaccount:default:default',
    'kubernetes.io': { pod: { name: of.metadata.name, uid: of.metadata.uid }, node: { name: testNode.name } },
  });
  await mounted(of);
  expect(read(path, 'token')).toBe(token);
});

it('the API’s own access is there without being asked for', async () => {
  const of = await put('pods', unused('pod'), {
    spec: { nodeName: testNode.name, containers: [{ name: 'app', image: 'busybox' }] },
  });
  const volume = of.spec.volumes[0].name;
  const path = await mounted(of, volume);
  expect(shown(path)).toEqual(['ca.crt', 'namespace', 'token']);
  expect(read(path, 'ca.crt')).toBe(nodes.cluster.certificateAuthority);
});

it('files of the pod itself follow its labels', async () => {
  const items = [
    { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
    { path: 'cpu', resourceFieldRef: { containerName: 'app', resource: 'limits.cpu', divisor: '1m' } },
  ];
  const of = await pod([{ name: 'v', downwardAPI: { items } }], {}, { labels: { a: '1' } });
  const path = await mounted(of);
  expect([read(path, 'labels'), read(path, 'cpu')]).toEqual(['a="1"', '1930']);
  await mounted(await patch(`pods/${of.metadata.name}`, { metadata: { labels: { b: '2' } } }));
  expect(read(path, 'labels')).toBe('a="1"\nb="2"');
});

it.skipIf(!own.canMount)('an fsGroup owns what its pods read and write', async () => {
  const name = unused('owned');
  await put('configmaps', name, { data: { a: '1' } });
  const token = { serviceAccountToken: { path: 'token' } };
  const of = await pod(
    [
      { name: 'v', configMap: { name } },
      { name: 'e', emptyDir: {} },
      { name: 't', projected: { sources: [token] } },
    ],
    { securityContext: { fsGroup: 2_000, runAsUser: 1_000 } },
  );
  const [config, empty, projected] = [await mounted(of), await mounted(of, 'e'), await mounted(of, 't')];
  const facts = (path: string) => {
    const { uid, gid, mode } = statSync(path);
    return [uid, gid, (mode & 0o7777).toString(8)];
  };
  expect(facts(join(config, 'a'))).toEqual([0, 2_000, '644']);
  expect(facts(empty)).toEqual([0, 2_000, '2777']);
  expect(facts(join(projected, 'token'))).toEqual([1_000, 2_000, '640']);
});

it('an emptyDir is its pod’s, for as long as that is there', async () => {
  const of = await pod([{ name: 'v', emptyDir: {} }]);
  const path = await mounted(of);
  expect(statSync(path).mode & 0o7777).toBe(0o777);
  writeFileSync(join(path, 'file'), 'kept');
  chmodSync(path, 0o700);
  await volumes[Symbol.asyncDispose]();
  volumes = open();
  expect(await mounted(of)).toBe(path);
  expect([read(path, 'file'), statSync(path).mode & 0o777]).toEqual(['kept', 0o700]);
  await volumes.removeOrphans(new Set([of.metadata.uid]));
  expect(existsSync(path)).toBe(true);
  await volumes.removeOrphans(new Set());
  expect(readdirSync(join(directory, 'state/pods'))).toEqual([]);
});

it.skipIf(!own.canMount)('an emptyDir of memory holds as much as it, or its pod, may', async () => {
  const sizeOf = (path: string) => statfsSync(path).blocks * statfsSync(path).bsize;
  const memory = { medium: 'Memory' };
  const of = await pod(
    [
      { name: 'v', emptyDir: { ...memory, sizeLimit: '1Mi' } },
      { name: 'w', emptyDir: memory },
    ],
    { containers: [{ name: 'app', image: 'busybox', resources: { limits: { memory: '8Mi' } } }] },
  );
  expect([sizeOf(await mounted(of)), sizeOf(await mounted(of, 'w'))]).toEqual([1 << 20, 8 << 20]);
});

it('a hostPath is what it says, or is made', async () => {
  const at = (name: string) => join(directory, name);
  writeFileSync(at('file'), '');
  const hostPath = async (path: string, type?: string) =>
    mounted(await pod([{ name: 'v', hostPath: { path: at(path), ...(type && { type }) } }]));
  expect(await hostPath('file', 'File')).toBe(at('file'));
  expect(statSync(await hostPath('new/dir', 'DirectoryOrCreate')).isDirectory()).toBe(true);
  expect(statSync(await hostPath('new/file', 'FileOrCreate')).isFile()).toBe(true);
  expect(statSync(await hostPath('plain')).isDirectory()).toBe(true);
  const failure = (path: string, noun: string) =>
    `MountVolume.SetUp failed for volume "v" : hostPath type check failed: ${at(path)} is not a ${noun}`;
  await expect(hostPath('file', 'Directory')).rejects.toThrow(failure('file', 'directory'));
  await expect(hostPath('none', 'File')).rejects.toThrow(failure('none', 'file'));
  await expect(hostPath('file', 'Socket')).rejects.toThrow(failure('file', 'socket file'));
  await expect(hostPath('file', 'BlockDevice')).rejects.toThrow(failure('file', 'block device'));
});

it('a claim’s volume is mounted once they are bound', async () => {
  const name = unused('data');
  const path = join(directory, 'local');
  mkdirSync(path);
  const capacity = { storage: '1Gi' };
  const of = await pod([{ name: 'v', persistentVolumeClaim: { claimName: name, readOnly: true } }]);
  const failure = `Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[v], failed to process volumes=[v]: error processing PVC default/${name}: `;
  await expect(volumes.mount(of, signal)).rejects.toThrow(
    `${failure}failed to fetch PVC from API server: persistentvolumeclaims "${name}" not found`,
  );
  const claim = await put('persistentvolumeclaims', name, {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: capacity }, storageClassName: 'none' },
  });
  await expect(volumes.mount(of, signal)).rejects.toThrow(`${failure}PVC is not bound`);
  const required = {
    nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }],
  };
  await call('POST', '/api/v1/persistentvolumes', {
    metadata: { name },
    spec: {
      ...{ capacity, accessModes: ['ReadWriteOnce'], local: { path }, nodeAffinity: { required } },
      claimRef: { namespace: 'default', name, uid: claim.metadata.uid },
    },
  });
  await patch(`persistentvolumeclaims/${name}`, { spec: { volumeName: name } });
  await patch(`persistentvolumeclaims/${name}/status`, { status: { phase: 'Bound' } });
  const found = (await volumes.mount(of, signal)).get('v');
  expect(found).toEqual({ source: path, isReadOnly: true });
});

it('a container mounts what it names, with paths of its environment', async () => {
  const of = await pod([{ name: 'v', emptyDir: {} }]);
  const list = await volumes.mount(of, signal);
  const container = {
    name: 'app',
    volumeMounts: [
      { name: 'v', mountPath: '/all', readOnly: true, mountPropagation: 'HostToContainer' },
      { name: 'v', mountPath: '/own', subPathExpr: 'logs/$(POD)' },
    ],
  };
  const mounts = await volumes.mountsOf(of, container, list, new Map([['POD', 'p-1']]));
  const path = list.get('v')?.source ?? '';
  expect(mounts).toEqual([
    { type: 'bind', source: path, target: '/all', isReadOnly: true, propagation: 'rslave' },
    { type: 'bind', source: expect.any(String), target: '/own', isReadOnly: false },
  ]);
  writeFileSync(join(path, 'logs/p-1/file'), 'x');
  expect(existsSync(join(String(mounts[1] && 'source' in mounts[1] ? mounts[1].source : ''), 'file'))).toBe(
    true,
  );
  const wrong = (volumeMount: object) =>
    volumes.mountsOf(
      of,
      { name: 'app', volumeMounts: [{ name: 'v', mountPath: '/x', ...volumeMount }] },
      list,
      new Map(),
    );
  await expect(wrong({ subPathExpr: '$(NO)' })).rejects.toThrow('missing value for "NO"');
  await expect(wrong({ name: 'no' })).rejects.toThrow(
    'cannot find volume "no" to mount into container "app"',
  );
  await expect(wrong({ readOnly: true, recursiveReadOnly: 'Enabled' })).rejects.toThrow(
    'volume "v" cannot be mounted as recursive read-only because the runtime does not support it',
  );
});

it('an image is there once for all pods that use it, and goes with the last of them', async () => {
  const directories = () => readdirSync(join(directory, 'state/image-volumes'));
  const [one, other] = [await pod([]), await pod([])];
  const image = { id: 'sha256:abc', exposedPorts: [], env: {} };
  const first = await volumes.mountImage(one, image, signal);
  const second = await volumes.mountImage(other, image, signal);
  expect(second).toEqual({ ...first, isReadOnly: true });
  expect(readFileSync(join(first.source, 'deep/file'), 'utf8')).toBe('sha256:abc');
  expect(directories()).toEqual(['abc']);
  await volumes.unmount(one.metadata.uid);
  expect(directories()).toEqual(['abc']);

  const container = (subPath: string) => ({
    name: 'app',
    volumeMounts: [{ name: 'v', mountPath: '/x', subPath }],
  });
  const mountsOf = (subPath: string) =>
    volumes.mountsOf(other, container(subPath), new Map([['v', second]]), new Map());
  const [mount] = await mountsOf('deep');
  expect(mount).toMatchObject({ target: '/x', isReadOnly: true });
  expect(readFileSync(join(mount?.type === 'bind' ? mount.source : '', 'file'), 'utf8')).toBe('sha256:abc');
  // Nothing is made in it: others have it too.
  await expect(mountsOf('deep/none')).rejects.toThrow('failed to prepare subPath');

  // Whoever was killed while it wrote an image.
  mkdirSync(join(directory, 'state/image-volumes/left.unpacking'));
  await volumes[Symbol.asyncDispose]();
  volumes = open();
  await volumes.removeOrphans(new Set([other.metadata.uid]));
  expect(directories()).toEqual(['abc']);
  await volumes.removeOrphans(new Set());
  expect(directories()).toEqual([]);
});
