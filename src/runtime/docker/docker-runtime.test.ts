import { existsSync, readdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../clock/index.ts';
import { silentLog } from '../../log.ts';
import { busyboxLayer } from '../busybox-layer.ts';
import { describeRuntimeConformance } from '../conformance.ts';
import { imageArchive, imageId, tar } from '../image-archive.ts';
import { type DockerRuntime, findEngine, openDockerRuntime, startEngine } from './index.ts';

const clock = systemClock({ keepsProcessAlive: true });
const random = systemRandom();
const image = 'catamaran/conformance:1';
/** Left by runs that were killed; younger ones may still be running. */
const leftoverAgeMs = 15 * 60_000;

const engine = await (async () => {
  const found = await findEngine(clock);
  return found ?? (await startEngine({ clock, log: silentLog }));
})().catch((error: unknown) => {
  console.warn(
    `The tests of the docker runtime are left out: ${error instanceof Error ? error.message : error}`,
  );
  return undefined;
});

describe.skipIf(engine === undefined)('on a real engine', () => {
  const newRun = (): string => `t${clock.now()}-${random.integer(1_000_000)}`;

  async function openRuntime(labels: Readonly<Record<string, string>>): Promise<DockerRuntime> {
    if (engine === undefined) throw new Error('No engine');
    const runtime = await openDockerRuntime({ clock, random, engine, labels });
    const archive = await imageArchive({ reference: image, layers: [await busyboxLayer()], config: {} });
    await runtime.loadImage(archive);
    return runtime;
  }

  function cgroupsNamed(name: string): string[] {
    const trees = readdirSync('/sys/fs/cgroup').map((tree) => `/sys/fs/cgroup/${tree}/${name}`);
    return [`/sys/fs/cgroup/${name}`, ...trees].filter((path) => existsSync(path));
  }

  async function removeLeftovers(runtime: DockerRuntime): Promise<void> {
    const runs = [...(await runtime.listSandboxes({})), ...(await runtime.listContainers({}))].map(
      ({ labels }) => labels['catamaran.test-run'] ?? '',
    );
    for (const run of new Set(runs)) {
      const startedMs = Number(/^t(\d+)-/.exec(run)?.[1]);
      if (clock.now() - startedMs > leftoverAgeMs) await runtime.purge({ 'catamaran.test-run': run });
    }
  }

  it('holds a namespace that is not the machine’s, with a name for its address, whoever makes it', async () => {
    const run = newRun();
    const labels = { 'catamaran.test-run': run };
    await using runtime = await openRuntime(labels);
    // Parameters of a network are for the Engine to set, in a namespace that it makes.
    for (const sysctls of [undefined, { 'net.ipv4.ip_unprivileged_port_start': '79' }]) {
      const id = `${run}-${sysctls === undefined ? 'own' : 'engine'}`;
      await runtime.createSandbox({
        ...{ id, labels, cgroupParent: `test-${run}`, hostname: 'web', ...(sysctls && { sysctls }) },
        network: {
          mode: 'interface',
          interfaceId: 'eni-1',
          ipv4: '10.0.0.9',
          macAddress: '02:42:0a:00:00:09',
        },
      });
      const path = (await runtime.networkNamespace(id)) ?? '';
      expect((await stat(path)).ino).not.toBe((await stat('/proc/self/ns/net')).ino);
      const name = `${id}-app`;
      await runtime.createContainer({
        ...{ name, sandboxId: id, labels, image, command: ['sleep', '3600'], env: {}, cpuShares: 2 },
        network: { mode: 'sandbox' },
      });
      await runtime.startContainer(name);
      const script =
        'hostname; ls /sys/class/net; grep web /etc/hosts; cat /proc/sys/net/ipv4/ip_unprivileged_port_start';
      const { output } = await runtime.exec(name, ['sh', '-c', script], { timeoutMs: 50_000 });
      expect(output.split('\n').slice(0, 2)).toEqual(['web', 'lo']);
      expect(output).toContain('10.0.0.9\tweb');
      // The kernel's own is 1024: in one that it makes the Engine sets another.
      expect(output.trim().split('\n').at(-1)).toBe(sysctls === undefined ? '1024' : '79');
      await runtime.removeSandbox(id);
    }
  });

  it('reads files of an image, also behind links, and leaves nothing behind', async () => {
    const labels = { 'catamaran.test-run': newRun() };
    await using runtime = await openRuntime(labels);
    const reference = `catamaran/files-${process.pid}:1`;
    const layer = await tar([
      { path: 'etc/one', content: 'old' },
      { path: 'etc/group', linkTo: 'groups' },
      { path: 'etc/groups', linkTo: '/lib/groups' },
      { path: 'lib/groups', content: 'crew:x:1:\n' },
      { path: 'etc/round', linkTo: 'round' },
      { path: 'etc/large', content: new Uint8Array(1_048_577) },
    ]);
    const top = await tar([{ path: 'etc/one', content: 'new' }]);
    await runtime.loadImage(await imageArchive({ reference, layers: [layer, top], config: {} }));
    const { id = '' } = (await runtime.inspectImage(reference)) ?? {};
    const files = await runtime.readImageFiles(id, ['/etc/one', '/etc/group', '/etc/none', '/etc']);
    expect(Object.fromEntries(files)).toEqual({ '/etc/one': 'new', '/etc/group': 'crew:x:1:\n' });
    await expect(runtime.readImageFiles(id, ['/etc/round'])).rejects.toThrow('too many links');
    await expect(runtime.readImageFiles(id, ['/etc/large'])).rejects.toMatchObject({ code: 'Unsupported' });
    // The Engine removes no image that a container uses.
    await runtime.removeImage(reference);
    await expect(runtime.readImageFiles(id, ['/etc/one'])).rejects.toMatchObject({
      code: 'CannotCreateContainer',
    });
  });

  it('leaves no cgroup, container or volume of a removed sandbox, and knows an image by its predicted id', async () => {
    const run = newRun();
    const labels = { 'catamaran.test-run': run };
    await using runtime = await openRuntime(labels);
    const spec = { reference: image, layers: [await busyboxLayer()], config: {} };
    expect((await runtime.inspectImage(image))?.id).toBe(imageId(spec));

    const sandbox = {
      id: `${run}-box`,
      labels,
      network: { mode: 'container' },
      cgroupParent: `test-${run}`,
    } as const;
    await runtime.createSandbox({ ...sandbox, cpuMillis: 500, memoryMiB: 64, sharePid: true });
    await runtime.createContainer({
      name: `${run}-one`,
      sandboxId: sandbox.id,
      labels,
      image,
      command: ['sleep', '3600'],
      env: {},
      network: { mode: 'host' },
      cpuShares: 2,
      mounts: [{ type: 'volume', name: `${run}-v`, target: '/v', isReadOnly: false, scope: 'sandbox' }],
    });
    await runtime.startContainer(`${run}-one`);
    expect(cgroupsNamed(`test-${run}`)).not.toEqual([]);
    await runtime.removeSandbox(sandbox.id);
    expect(cgroupsNamed(`test-${run}`)).toEqual([]);
    expect(await runtime.purge(labels)).toEqual({ containers: 0, networks: 0, volumes: 0 });
  });

  describeRuntimeConformance('docker', async () => {
    const run = newRun();
    const labels = { 'catamaran.test-run': run };
    const runtime = await openRuntime(labels);
    await removeLeftovers(runtime);
    const third = random.integer(256);
    return {
      runtime,
      open: () => openRuntime(labels),
      image,
      clock,
      run,
      network: { name: `catamaran-${run}`, cidr: `10.213.${third}.0/24`, gateway: `10.213.${third}.1` },
      [Symbol.asyncDispose]: async () => {
        await runtime.purge(labels);
        await runtime[Symbol.asyncDispose]();
      },
    };
  });
});
