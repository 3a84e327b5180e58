import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mountTable, runCommand } from '../../runtime/index.ts';
import { ownMountPoints } from '../kubelet/volumes/mount-points.ts';
import { LocalVolumes } from './local-volumes.ts';

const mountPoints = ownMountPoints();
const MiB = 1_048_576;
/** Of the capabilities that programs which this process runs may have, `CAP_SYS_RESOURCE` (24). */
const mayResize = ((hexOf('CapBnd') >> 24n) & 1n) === 1n;
function hexOf(member: string): bigint {
  return BigInt(
    `0x${new RegExp(`${member}:\\s*(\\w+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]}`,
  );
}
const volume = { clusterId: 'cluster', name: 'pvc-1' };

let root: string;
let volumes: LocalVolumes;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'local-volumes-'));
  volumes = open();
});
afterEach(() => mountPoints.remove(root));

const open = () => new LocalVolumes(join(root, 'volumes'), true);
const place = (name: string) => join(root, 'volumes/cluster', volume.name, name);

/** Shows the volume to a pod of a node. @returns where. */
async function publish(node: string, pod: string, isShared = false): Promise<string> {
  const nodeDirectory = join(root, node);
  const target = join(nodeDirectory, pod);
  mkdirSync(target, { recursive: true });
  await volumes.publish(volume, { target, nodeDirectory, isShared, options: ['noatime'] });
  return target;
}
const hasMounts = async () => (await mountTable()).some(({ path }) => path.startsWith(root));

it('whoever may not mount makes no volumes', async () => {
  await expect(new LocalVolumes(root, false).make(volume, MiB)).rejects.toThrow('take root on Linux');
});

describe.skipIf(!mountPoints.canMount)('of a machine', () => {
  it('a volume has its room from the beginning, and holds what it says and no more', async () => {
    expect(await volumes.make(volume, 31.5 * MiB)).toBe(32 * MiB);
    const { size, blocks } = statSync(place('image'));
    expect([size, blocks * 512 >= size]).toEqual([32 * MiB, true]);
    const path = await publish('a', 'one');
    const { blocks: count, bsize } = statfsSync(path);
    expect(count * bsize).toBeGreaterThan(24 * MiB);
    expect(count * bsize).toBeLessThanOrEqual(32 * MiB);
    expect(() => writeFileSync(join(path, 'large'), Buffer.alloc(33 * MiB))).toThrow('ENOSPC');
    expect((await mountTable()).find((it) => it.path === path)?.source).toMatch(/^\/dev\/loop/);
  });

  it('one that the machine has no room for is not made', async () => {
    await expect(volumes.make(volume, 2 ** 50)).rejects.toMatchObject({ code: 'ResourceExhausted' });
    expect(existsSync(place('image'))).toBe(false);
    await volumes.make(volume, 16 * MiB);
    await expect(volumes.grow(volume, 2 ** 50)).rejects.toMatchObject({ code: 'ResourceExhausted' });
    expect(statSync(place('image')).size).toBe(16 * MiB);
  });

  it('what was begun by a process that was killed is made anew', async () => {
    mkdirSync(place(''), { recursive: true });
    writeFileSync(place('image.new'), 'half');
    expect(await volumes.list()).toEqual([volume]);
    await volumes.make(volume, 16 * MiB);
    expect(existsSync(place('image.new'))).toBe(false);
    writeFileSync(join(await publish('a', 'one'), 'file'), 'data');
    // Another process finds it as it is.
    volumes = open();
    await volumes.make(volume, 16 * MiB);
    expect(readFileSync(join(await publish('a', 'one'), 'file'), 'utf8')).toBe('data');
  });

  it('pods of one node share it, those of another wait until it is free', async () => {
    await volumes.make(volume, 16 * MiB);
    const [one, two] = [await publish('a', 'one'), await publish('a', 'two')];
    writeFileSync(join(one, 'file'), 'data');
    expect(readFileSync(join(two, 'file'), 'utf8')).toBe('data');
    await expect(publish('b', 'three')).rejects.toThrow(
      'Multi-Attach error for volume "pvc-1" Volume is already exclusively attached to one node and can\'t be attached to another',
    );
    await mountPoints.unmount(one);
    await volumes.release();
    await expect(publish('b', 'three')).rejects.toThrow('Multi-Attach');
    await mountPoints.unmount(two);
    expect(readFileSync(join(await publish('b', 'three'), 'file'), 'utf8')).toBe('data');
    expect(readFileSync(join(await publish('a', 'one', true), 'file'), 'utf8')).toBe('data');
  });

  it('it grows while it is mounted, and before it is', async () => {
    const grown: string[] = [];
    using _ = volumes.onGrown(({ name }) => grown.push(name));
    await volumes.make(volume, 16 * MiB);
    const size = (path: string) => statfsSync(path).blocks * statfsSync(path).bsize;
    const path = await publish('a', 'one');
    writeFileSync(join(path, 'file'), 'data');
    expect(await volumes.grow(volume, 64 * MiB)).toBe(64 * MiB);
    expect(size(path)).toBeLessThan(16 * MiB);
    const isGrown = await volumes.growFileSystem(volume);
    expect(isGrown).toBe(mayResize);
    if (isGrown) expect(size(path)).toBeGreaterThan(48 * MiB);
    await mountPoints.unmount(path);
    await volumes.release();
    await volumes.grow(volume, 128 * MiB);
    expect(await volumes.grow(volume, 16 * MiB)).toBe(128 * MiB);
    await publish('a', 'one');
    expect(size(path)).toBeGreaterThan(100 * MiB);
    expect(readFileSync(join(path, 'file'), 'utf8')).toBe('data');
    expect(new Set(grown)).toEqual(new Set(['pvc-1']));
  });

  it('what an ending container has yet is not changed from below', async () => {
    await volumes.make(volume, 16 * MiB);
    const path = await publish('a', 'one');
    writeFileSync(join(path, 'file'), 'data');
    // In a mount namespace of its own, with what is mounted now, except other tests' volumes: those would be held too.
    const others = `awk '$1 ~ "^/dev/loop" && index($2, "${root}/") != 1 { print $2 }' /proc/mounts | xargs -r umount`;
    const container = spawn('unshare', ['--mount', 'sh', '-c', `${others}; echo; exec sleep 120`]);
    const ended = once(container, 'exit');
    await once(container.stdout, 'data');
    await mountPoints.unmount(path);
    await volumes.release();
    await volumes.grow(volume, 64 * MiB);
    await publish('a', 'one');
    expect(statfsSync(path).blocks * statfsSync(path).bsize).toBeLessThan(16 * MiB);
    await mountPoints.unmount(path);
    await volumes.release();
    container.kill('SIGKILL');
    await ended;
    const device = ['--associated', place('image'), '--noheadings'];
    await vi.waitFor(async () => expect(await runCommand('losetup', device)).toBe(''));
    await publish('a', 'one');
    expect(statfsSync(path).blocks * statfsSync(path).bsize).toBeGreaterThan(48 * MiB);
    expect(readFileSync(join(path, 'file'), 'utf8')).toBe('data');
  });

  it('one that has grown is as large for the next pod, also when another user is a while in letting it go', async () => {
    await volumes.make(volume, 16 * MiB);
    const path = await publish('a', 'one');
    const device = (await mountTable()).find((it) => it.path === path)?.source ?? '';
    const other = spawn('sh', ['-c', `exec < ${device}; echo; exec sleep 120`]);
    const ended = once(other, 'exit');
    await once(other.stdout, 'data');
    await mountPoints.unmount(path);
    await volumes.release();
    await volumes.grow(volume, 64 * MiB);
    const mounting = publish('a', 'one');
    await sleep(100);
    other.kill('SIGKILL');
    await mounting;
    expect(statfsSync(path).blocks * statfsSync(path).bsize).toBeGreaterThan(48 * MiB);
    await ended;
  });

  it('is taken away with all that it holds when no pod has it', async () => {
    await volumes.make(volume, 16 * MiB);
    const path = await publish('a', 'one');
    await expect(volumes.remove(volume)).rejects.toThrow('pvc-1 is mounted by a pod');
    await mountPoints.unmount(path);
    await volumes.remove(volume);
    await volumes.remove(volume);
    expect(await volumes.list()).toEqual([]);
    expect(await hasMounts()).toBe(false);
    for (const asked of [publish('a', 'one'), volumes.grow(volume, MiB)])
      await expect(asked).rejects.toThrow('volume pvc-1 is not on this machine');
    const devices = ['--list', '--noheadings', '-O', 'BACK-FILE'];
    await vi.waitFor(async () => expect(await runCommand('losetup', devices)).not.toContain(root));
  });

  it('is made anew once, by whoever is first, also while it is being taken away', async () => {
    await volumes.make(volume, 16 * MiB);
    const removing = volumes.remove(volume);
    const again = [volumes.make(volume, 16 * MiB), removing.then(() => volumes.make(volume, 32 * MiB))];
    expect(await Promise.all(again)).toEqual([16 * MiB, 16 * MiB]);
  });

  it('those that come and go at once are mounted from their own files', async () => {
    const comesAndGoes = async (name: string): Promise<void> => {
      const own = { clusterId: 'cluster', name };
      const target = join(root, 'node', name);
      mkdirSync(target, { recursive: true });
      await volumes.make(own, 16 * MiB);
      for (let round = 0; round < 12; round += 1) {
        await volumes.publish(own, {
          target,
          nodeDirectory: join(root, 'node'),
          isShared: false,
          options: [],
        });
        const file = join(target, 'whose');
        if (round === 0) writeFileSync(file, name);
        expect(readFileSync(file, 'utf8')).toBe(name);
        await runCommand('umount', [target]);
        await volumes.release();
      }
    };
    await Promise.all(['one', 'two', 'three', 'four'].map(comesAndGoes));
  });

  it('one that another user lets go of just then is mounted all the same', async () => {
    await volumes.make(volume, 16 * MiB);
    for (let round = 0; round < 40; round += 1) {
      const target = await publish('a', 'pod');
      const device = (await mountTable()).find(({ path }) => path === target)?.source ?? '';
      const other = await openFile(device);
      await runCommand('umount', [target]);
      await volumes.release();
      const mounting = publish('a', 'pod');
      // At another moment of the mount each time.
      await sleep(round / 4);
      await other.close();
      await mounting;
      await runCommand('umount', [target]);
      await volumes.release();
    }
  });

  it('no name leads out of its directory', async () => {
    for (const name of ['..', '../x', 'a/b', '', '.'])
      await expect(volumes.make({ ...volume, name }, MiB)).rejects.toThrow('is no name of a volume');
  });
});
