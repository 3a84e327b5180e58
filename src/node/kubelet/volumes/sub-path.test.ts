import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MountPoints, noMountPoints, ownMountPoints, removeWithMounts } from './mount-points.ts';
import { bindSubPath, subPathRefusal } from './sub-path.ts';

const own = ownMountPoints();
let directory: string;
let volume: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sub-path-'));
  volume = join(directory, 'volume');
  mkdirSync(volume);
  chmodSync(volume, 0o2770);
  mkdirSync(join(directory, 'secret'));
  writeFileSync(join(directory, 'secret', 'key'), 'geheim');
});
afterEach(() => own.remove(directory));

it('a subPath stays within its volume', () => {
  expect(subPathRefusal('/etc')).toBe('error SubPath `/etc` must not be an absolute path');
  expect(subPathRefusal('a/../../b')).toBe("unable to provision SubPath `a/../../b`: must not contain '..'");
  expect(subPathRefusal('a/..b')).toBeUndefined();
});

describe.each<[string, MountPoints]>([
  ['for whoever may not mount', noMountPoints],
  // Skipped without root: only root may mount.
  ...(own.canMount ? [['mounted', own] satisfies [string, MountPoints]] : []),
])('a subPath, %s,', (_, mountPoints) => {
  const bind = (subPath: string) => bindSubPath(volume, subPath, join(directory, 'target'), { mountPoints });

  it('is made as the volume itself is, and shows what is in it', async () => {
    const path = await bind('a/b');
    expect(statSync(join(volume, 'a/b')).mode & 0o7777).toBe(0o2770);
    writeFileSync(join(volume, 'a/b/file'), 'hello');
    expect(readFileSync(join(path, 'file'), 'utf8')).toBe('hello');
    expect(await bind('a/b')).toBe(path);
    expect(readFileSync(join(path, 'file'), 'utf8')).toBe('hello');
  });

  it('may be one file, through links that stay inside', async () => {
    mkdirSync(join(volume, '..1'));
    writeFileSync(join(volume, '..1/app.conf'), 'one');
    symlinkSync('..1', join(volume, '..data'));
    symlinkSync('..data/app.conf', join(volume, 'app.conf'));
    expect(readFileSync(await bind('app.conf'), 'utf8')).toBe('one');
  });

  it.each([
    ['a link to elsewhere', '../secret'],
    ['an absolute link', '/etc'],
    ['a link to what holds the volume', '..'],
  ])('is refused where it is %s', async (__, to) => {
    symlinkSync(to, join(volume, 'link'));
    await expect(bind('link')).rejects.toThrow('leads out of its volume');
    await expect(bind('link/new')).rejects.toThrow('leads out of its volume');
  });
});

it.skipIf(!own.canMount)('what was mounted stays when the volume gets another link there', async () => {
  mkdirSync(join(volume, 'data'));
  writeFileSync(join(volume, 'data/file'), 'mine');
  const path = await bindSubPath(volume, 'data', join(directory, 'target'), { mountPoints: own });
  execFileSync('mv', [join(volume, 'data'), join(volume, 'old')]);
  symlinkSync('../secret', join(volume, 'data'));
  expect(readFileSync(join(path, 'file'), 'utf8')).toBe('mine');
});

it.skipIf(!own.canMount)('removing a pod’s directory leaves alone what is mounted in it', async () => {
  await bindSubPath(join(directory, 'secret'), '.', join(directory, 'pod/sub'), { mountPoints: own });
  await own.mountMemory(await made('pod/memory'), 1 << 20);
  await own.mountMemory(join(directory, 'pod/memory'), 1 << 20);
  symlinkSync(directory, join(directory, 'way'));
  await removeWithMounts(join(directory, 'way/pod'));
  expect(readFileSync(join(directory, 'secret/key'), 'utf8')).toBe('geheim');
  expect(existsSync(join(directory, 'pod'))).toBe(false);
});

async function made(path: string): Promise<string> {
  mkdirSync(join(directory, path), { recursive: true });
  return join(directory, path);
}
