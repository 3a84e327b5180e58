import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock, systemRandom } from '../../clock/index.ts';
import { busyboxLayer } from '../busybox-layer.ts';
import { imageArchive } from '../image-archive.ts';
import { mountTable } from '../mount-table.ts';
import { runCommand } from '../run-command.ts';
import type { ContainerSpec } from '../runtime.ts';
import { imageBytes } from './disks.ts';
import { type DockerRuntime, findEngine, openDockerRuntime } from './index.ts';
import { mountsOfImage } from './sandbox-disks.ts';

const clock = systemClock({ keepsProcessAlive: true });
const random = systemRandom();
const image = 'catamaran/conformance-volume:1';
const MiB = 1_048_576;
const sizeBytes = 24 * MiB;

const engine = await findEngine(clock).catch(() => undefined);
const mayMount = process.platform === 'linux' && process.getuid?.() === 0;

describe.skipIf(engine === undefined || !mayMount)('disks of sandboxes', () => {
  const run = `t${clock.now()}-${random.integer(1_000_000)}`;
  const labels = { 'catamaran.test-run': run };
  let directory: string;
  let runtime: DockerRuntime;

  const open = async (): Promise<DockerRuntime> => {
    if (engine === undefined) throw new Error('No engine');
    return openDockerRuntime({
      ...{ clock, random, engine, labels },
      disksDirectory: join(directory, 'disks'),
    });
  };
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'catamaran-disks-'));
    runtime = await open();
    const config = { Volumes: { '/kept': {} } };
    await runtime.loadImage(await imageArchive({ reference: image, layers: [await busyboxLayer()], config }));
  });
  afterAll(async () => {
    await runtime?.purge(labels);
    await runtime?.[Symbol.asyncDispose]();
    expect(await mountedHere()).toEqual([]);
    await rm(directory, { recursive: true, force: true });
  });

  const mountedHere = async (): Promise<string[]> =>
    (await mountTable()).map(({ path }) => path).filter((path) => path.startsWith(`${directory}/`));
  const sandbox = (id: string, disk = id) => ({
    id: `${run}-${id}`,
    labels,
    network: { mode: 'container' as const },
    cgroupParent: `test-${run}`,
    disk: { name: `${run}-${disk}`, sizeBytes },
  });
  const container = (
    name: string,
    sandboxId: string,
    changes: Partial<ContainerSpec> = {},
  ): ContainerSpec => ({
    name: `${run}-${name}`,
    sandboxId: `${run}-${sandboxId}`,
    ...{ labels, image, command: ['sleep', '3600'], env: {}, network: { mode: 'none' }, cpuShares: 2 },
    ...changes,
  });
  const sh = async (name: string, script: string, by = runtime) =>
    by.exec(`${run}-${name}`, ['sh', '-c', script], { timeoutMs: 50_000 });
  const write = (path: string, mebibytes: number): string =>
    `dd if=/dev/zero of=${path} bs=1M count=${mebibytes} 2>&1; wc -c < ${path}`;

  it('says how it knows, and takes away what nobody is on', async () => {
    await mkdir(join(directory, 'disks', 'left', 'mounted'), { recursive: true });
    expect(await runtime.sandboxDisks()).toMatchObject({ works: true });
    expect(await mountedHere()).toEqual([]);
    expect(await readdir(join(directory, 'disks'))).toEqual([]);
  });

  it.each(['runc', 'gvisor'] as const)(
    'holds together what containers write in layers and volumes, under %s',
    async (isolation) => {
      if (isolation === 'gvisor' && !(await runtime.gvisor()).works) return;
      const [box, one, two] = [`${isolation}-box`, `${isolation}-one`, `${isolation}-two`];
      const changes = isolation === 'gvisor' ? ({ isolation } as const) : {};
      const named = { type: 'volume', target: '/named', isReadOnly: false, scope: 'sandbox' } as const;
      await runtime.createSandbox(sandbox(box));
      const mounts = [{ ...named, name: `${run}-${box}-v` }];
      for (const name of [one, two]) {
        await runtime.createContainer(container(name, box, { ...changes, mounts }));
        await runtime.startContainer(`${run}-${name}`);
      }
      await sh(one, write('/kept/a', 8));
      await sh(two, write('/named/b', 8));
      expect((await sh(one, 'wc -c < /named/b')).output.trim()).toBe(String(8 * MiB));
      const { output } = await sh(one, write('/c', 40));
      expect(output).toContain('No space left on device');
      const written = Number(output.trim().split('\n').at(-1));
      expect(written).toBeGreaterThan(6 * MiB);
      expect(written).toBeLessThanOrEqual(8 * MiB);
      // What one has filled is full for the other.
      expect((await sh(two, write('/d', 1))).output).toContain('No space left on device');
      const space = await runtime.diskSpace(`${run}-${box}`);
      expect(space?.sizeBytes).toBeGreaterThanOrEqual(sizeBytes);
      expect((space?.sizeBytes ?? 0) - (space?.usedBytes ?? 0)).toBeLessThan(2 * MiB);

      await runtime.removeSandbox(`${run}-${box}`);
      expect(await mountedHere()).toEqual([]);
      expect(await readdir(join(directory, 'disks'))).toEqual([]);
    },
  );

  it('is found again by a later process, also when everything was unmounted, as by a restart', async () => {
    await runtime.createSandbox(sandbox('again'));
    await runtime.createContainer(container('again', 'again'));
    await runtime.startContainer(`${run}-again`);
    await sh('again', 'echo kept > /file');
    await runtime.stopContainer(`${run}-again`, 0);
    const devices = new Set(
      (await mountTable()).filter(({ path }) => path.startsWith(directory)).map(({ device }) => device),
    );
    // The Engine unmounts what it has mounted there a moment after the stop.
    await vi.waitFor(async () => {
      for (const { path, device } of (await mountTable()).toReversed())
        if (devices.has(device)) await runCommand('umount', [path]);
    });
    await using later = await open();
    // Which leaves alone what a sandbox is on.
    expect(await later.sandboxDisks()).toMatchObject({ works: true });
    await later.startContainer(`${run}-again`);
    expect((await sh('again', 'cat /file', later)).output).toBe('kept\n');
    expect((await sh('again', write('/c', 40), later)).output).toContain('No space left on device');
    await later.removeSandbox(`${run}-again`);
    expect(await mountedHere()).toEqual([]);
  });

  it('is there as long as one of the sandboxes that name it', async () => {
    for (const id of ['first', 'second']) {
      await runtime.createSandbox(sandbox(id, 'both'));
      await runtime.createContainer(container(id, id));
      await runtime.startContainer(`${run}-${id}`);
    }
    expect((await sh('first', write('/c', 40))).output).toContain('No space left on device');
    expect((await sh('second', write('/c', 1))).output).toContain('No space left on device');
    await runtime.removeSandbox(`${run}-first`);
    expect((await sh('second', write('/c', 10))).output).toContain(String(10 * MiB));
    await runtime.removeSandbox(`${run}-second`);
    expect(await runtime.diskSpace(`${run}-both`)).toBeUndefined();
  });
});

describe('what a disk is made of', () => {
  it('has as much room as was asked for, beside what the file system takes', () => {
    for (const gib of [1, 20, 200]) {
      const bytes = imageBytes(gib * 1_024 * MiB);
      expect(bytes % MiB).toBe(0);
      expect(bytes / (gib * 1_024 * MiB)).toBeGreaterThan(1.0165);
      expect(bytes / (gib * 1_024 * MiB)).toBeLessThan(1.02);
    }
  });

  it('names the volumes of an image where nothing else is mounted', () => {
    const spec: ContainerSpec = {
      ...{ name: 'web', sandboxId: 'box', labels: {}, image, env: {}, cpuShares: 2 },
      network: { mode: 'none' },
      mounts: [{ type: 'bind', source: '/a', target: '/bound', isReadOnly: false }],
      tmpfs: [{ containerPath: '/memory', options: '' }],
    };
    const volumes = ['/bound', '/memory', '/data'];
    expect(mountsOfImage(spec, { id: '', exposedPorts: [], env: {}, volumes })).toEqual([
      { type: 'volume', name: 'web-image-2', target: '/data', isReadOnly: false, scope: 'sandbox' },
    ]);
    expect(mountsOfImage(spec, undefined)).toEqual([]);
  });
});
