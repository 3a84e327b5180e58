import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../clock/index.ts';
import { type CgroupOptions, cgroupsOf } from './cgroups.ts';
import type { Daemon, EngineFacts } from './probe.ts';

const facts: EngineFacts = {
  engine: 'docker',
  version: '20.10.24',
  apiVersion: '1.41',
  cpus: 2,
  memoryBytes: 1e9,
  architecture: 'x86_64',
  kernel: '6.1.0',
  cgroupVersion: 1,
  cgroupDriver: 'cgroupfs',
  logDrivers: [],
  runtimes: [],
  networkDrivers: ['bridge'],
  isRootless: false,
  limitsMemory: true,
  limitsCpu: true,
  limitsPids: true,
  defaultBridge: 'docker0',
  isLocal: true,
};

const daemon: Daemon = {
  ...{ pid: 1, capabilities: 0n, sharesOurNetwork: true, hardLimits: new Map(), oomScore: 0 },
};

/** A directory stands in for the kernel's: the files that the kernel would make are made beforehand. */
describe('cgroups', () => {
  let root: string;
  const options = (more: Partial<CgroupOptions> = {}): CgroupOptions => ({
    clock: systemClock({ keepsProcessAlive: true }),
    root,
    isRoot: true,
    hasSystemd: false,
    ...more,
  });
  const given = async (directory: string, files: readonly string[]): Promise<void> => {
    await mkdir(join(root, directory), { recursive: true });
    for (const file of files) await writeFile(join(root, directory, file), '');
  };
  const written = (path: string): Promise<string> => readFile(join(root, path), 'utf8');

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'catamaran-cgroups-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  it('limits by the files of each controller on version 1', async () => {
    await given('memory/instance/task', ['memory.limit_in_bytes']);
    await given('cpu/instance/task', ['cpu.cfs_period_us', 'cpu.cfs_quota_us']);
    const cgroups = cgroupsOf(facts, daemon, options());
    expect(cgroups.locate('instance', 'task')).toBe('/instance/task');
    await cgroups.make('/instance/task', { cpuMillis: 250, memoryMiB: 64 });
    expect(await written('memory/instance/task/memory.limit_in_bytes')).toBe(String(64 * 1_048_576));
    expect(await written('cpu/instance/task/cpu.cfs_quota_us')).toBe('25000');
  });

  it('limits by the one directory of version 2, handing controllers down', async () => {
    await given('', ['cgroup.subtree_control']);
    await given('instance', ['cgroup.subtree_control']);
    await given('instance/task', ['memory.max', 'cpu.max']);
    await cgroupsOf({ ...facts, cgroupVersion: 2 }, daemon, options()).make('/instance/task', {
      cpuMillis: 1500,
      memoryMiB: 1,
    });
    expect(await written('instance/task/memory.max')).toBe('1048576');
    expect(await written('instance/task/cpu.max')).toBe('150000 100000');
    expect(await written('instance/cgroup.subtree_control')).toContain('+pids');
  });

  it('limits the parent of all of an instance’s sandboxes, on either version', async () => {
    await given('memory/instance', ['memory.limit_in_bytes']);
    await given('cpu/instance', ['cpu.cfs_period_us', 'cpu.cfs_quota_us']);
    await mkdir(join(root, 'memory/instance/task'));
    await mkdir(join(root, 'cpu/instance/task'));
    const limits = { cpuMillis: 2000, memoryMiB: 128 };
    await cgroupsOf(facts, daemon, options()).limitParent('instance', limits);
    expect(await written('memory/instance/memory.limit_in_bytes')).toBe(String(128 * 1_048_576));
    expect(await written('cpu/instance/cpu.cfs_quota_us')).toBe('200000');

    await given('instance/task', []);
    await given('instance', ['memory.max', 'cpu.max']);
    await cgroupsOf({ ...facts, cgroupVersion: 2 }, daemon, options()).limitParent('instance', limits);
    expect(await written('instance/memory.max')).toBe(String(128 * 1_048_576));
    expect(await written('instance/cpu.max')).toBe('200000 100000');
  });

  it('limits a class of sandboxes that is there, and each of them by its weight and its processes', async () => {
    await given('memory/instance/pods/low/one', []);
    await given('cpu/instance/pods/low', ['cpu.shares']);
    await given('cpu/instance/pods/low/one', ['cpu.shares']);
    await given('pids/instance/pods/low/one', ['pids.max']);
    const cgroups = cgroupsOf(facts, daemon, options());
    const location = cgroups.locate('instance/pods/low', 'one') ?? '';
    expect(location).toBe('/instance/pods/low/one');
    await cgroups.make(location, { cpuShares: 512, pids: 64 });
    await cgroups.limitParent('instance/pods/low', { cpuShares: 2 });
    await cgroups.limitParent('instance/pods/high', { cpuShares: 2 });
    expect(await written('cpu/instance/pods/low/one/cpu.shares')).toBe('512');
    expect(await written('pids/instance/pods/low/one/pids.max')).toBe('64');
    expect(await written('cpu/instance/pods/low/cpu.shares')).toBe('2');

    await given('instance/pods/low/one', ['cpu.weight', 'pids.max']);
    await cgroupsOf({ ...facts, cgroupVersion: 2 }, daemon, options()).make(location, {
      ...{ cpuShares: 1_024, pids: 64 },
    });
    expect(await written('instance/pods/low/one/cpu.weight')).toBe('100');
    expect(await written('instance/pods/low/one/pids.max')).toBe('64');
    expect(await written('instance/pods/low/cgroup.subtree_control')).toContain('+pids');
  });

  it('says which file is missing when a controller is not there', async () => {
    const making = cgroupsOf(facts, daemon, options()).make('/instance/task', { memoryMiB: 64 });
    await expect(making).rejects.toMatchObject({
      code: 'Unsupported',
      message: expect.stringContaining('memory.limit_in_bytes'),
    });
  });

  it('removes a sandbox’s directories in every controller, and their parent when it is the last', async () => {
    for (const tree of ['memory', 'cpu', 'devices']) {
      await mkdir(join(root, tree, 'instance/one/left-behind'), { recursive: true });
      await mkdir(join(root, tree, 'instance/two'), { recursive: true });
    }
    const cgroups = cgroupsOf(facts, daemon, options());
    await mkdir(join(root, 'cpu/deep/pods/one'), { recursive: true });
    await cgroups.remove('/deep/pods/one');
    expect(existsSync(join(root, 'cpu/deep'))).toBe(false);
    await cgroups.remove('/instance/one');
    await cgroups.remove('/instance/one');
    expect(existsSync(join(root, 'devices/instance/one'))).toBe(false);
    expect(existsSync(join(root, 'devices/instance/two'))).toBe(true);
    await cgroups.remove('/instance/two');
    for (const tree of ['memory', 'cpu', 'devices'])
      expect(existsSync(join(root, tree, 'instance'))).toBe(false);
  });

  it('leaves the tree to systemd where the engine does', async () => {
    const commands: string[] = [];
    const systemctl = async (args: readonly string[]): Promise<void> => {
      commands.push(args.join(' '));
    };
    const cgroups = cgroupsOf(
      { ...facts, cgroupDriver: 'systemd' },
      daemon,
      options({ hasSystemd: true, systemctl }),
    );
    const location = cgroups.locate('catamaran-i-1', 'ecs-task');
    expect(location).toBe('catamaran_i_1-ecs_task.slice');
    await cgroups.make(location ?? '', { cpuMillis: 250, memoryMiB: 1 });
    await cgroups.remove(location ?? '');
    expect(commands).toEqual([
      `set-property --runtime ${location} MemoryMax=1048576 CPUQuota=25%`,
      `start ${location}`,
      `stop ${location}`,
      `revert ${location}`,
    ]);
  });

  it.each([
    ['another machine', { isLocal: false }, {}],
    ['only root', {}, { isRoot: false }],
    ['only root', { isRootless: true }, {}],
    ['systemd, which does not run', { cgroupDriver: 'systemd' }, {}],
    ['"none"', { cgroupDriver: 'none' }, {}],
    ['not mounted', {}, { root: '/no/such/directory' }],
  ])('says that there can be none: %s', (words, changes, more) => {
    const cgroups = cgroupsOf({ ...facts, ...changes }, daemon, options(more));
    expect(cgroups.missing).toContain(words);
    expect(cgroups.locate('instance', 'task')).toBeUndefined();
  });

  it('makes none where it can not see the engine’s process', () => {
    expect(cgroupsOf(facts, undefined, options()).missing).toContain('can be seen from here');
  });

  it('refuses names that would leave their place', () => {
    const cgroups = cgroupsOf(facts, daemon, options());
    for (const name of ['..', 'a/b', '', '.'])
      expect(() => cgroups.locate('instance', name)).toThrow(TypeError);
  });
});
