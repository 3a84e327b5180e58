import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { killTogether } from './kill-together.ts';

/** A directory stands in for the kernel's. */
let root: string;
const place = '/catamaran-i-1/kubepods/pod/c0ffee';
const running = { state: 'running', startedAtMs: 0, pid: 42 } as const;
const file = () => join(root, place, 'memory.oom.group');
const killed = (runtimeId: string, status: Parameters<typeof killTogether>[0]['status'] = running) =>
  killTogether({ runtimeId, status }, { proc: join(root, 'proc'), root });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'catamaran-oom-'));
  await mkdir(join(root, place), { recursive: true });
  await mkdir(join(root, 'proc/42'), { recursive: true });
  await writeFile(join(root, 'proc/42/cgroup'), `0::${place}\n`);
  await writeFile(file(), '0');
});
afterEach(() => rm(root, { recursive: true }));

it('a container is killed as a whole where cgroups are of version 2', async () => {
  expect(await killed('c0ffee')).toBe(true);
  expect(await readFile(file(), 'utf8')).toBe('1');
});

it('nothing is written for a process that is another’s by now, or a container that has ended', async () => {
  expect(await killed('decade')).toBe(false);
  const ended = { state: 'exited', exitCode: 0, finishedAtMs: 0, wasOutOfMemory: false } as const;
  expect(await killed('c0ffee', ended)).toBe(false);
  expect(await readFile(file(), 'utf8')).toBe('0');
});

it('version 1 has no such thing, nor has version 2 without memory', async () => {
  await rm(file());
  expect(await killed('c0ffee')).toBe(false);
  await writeFile(join(root, 'proc/42/cgroup'), `9:memory:${place}\n0::/\n`);
  expect(await killed('c0ffee')).toBe(false);
});
