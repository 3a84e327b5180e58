import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCgroupStats } from './stats.ts';

describe('readCgroupStats', () => {
  let directory: string;
  const given = async (files: Readonly<Record<string, string>>): Promise<void> => {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), content);
    }
  };
  const read = () =>
    readCgroupStats(7, 'abc', { proc: join(directory, 'proc'), root: join(directory, 'cgroup') });

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'catamaran-stats-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('reads version 1, with the limit of whichever level is lowest', async () => {
    await given({
      'proc/7/cgroup': '5:memory:/i/task/abc\n3:cpuacct:/i/task/abc\n',
      'cgroup/memory/i/task/abc/memory.usage_in_bytes': '5000\n',
      'cgroup/memory/i/task/abc/memory.stat':
        'cache 1\nhierarchical_memory_limit 9000\ntotal_inactive_file 1000\n',
      'cgroup/cpuacct/i/task/abc/cpuacct.usage': '123456\n',
      'proc/stat':
        'cpu  1 2 3 4 5 6 7 100 0 0\ncpu0 1 2 3 4 5 6 7 100 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\nintr 9\n',
    });
    expect(await read()).toEqual({
      cpuUsageNanos: 123_456,
      memoryBytes: 4_000,
      memoryLimitBytes: 9_000,
      machine: { cpuTimeNanos: 280_000_000, cpus: 2 },
    });
  });

  it('reads version 2, where a level without a limit says "max"', async () => {
    await given({
      'proc/7/cgroup': '0::/i/task/docker-abc.scope\n',
      'cgroup/i/task/memory.max': '8000\n',
      'cgroup/i/task/docker-abc.scope/memory.max': 'max\n',
      'cgroup/i/task/docker-abc.scope/memory.current': '5000\n',
      'cgroup/i/task/docker-abc.scope/memory.stat': 'anon 1\ninactive_file 500\n',
      'cgroup/i/task/docker-abc.scope/cpu.stat': 'usage_usec 77\nuser_usec 1\n',
    });
    expect(await read()).toEqual({ cpuUsageNanos: 77_000, memoryBytes: 4_500, memoryLimitBytes: 8_000 });
  });

  it('knows nothing of a process that is gone, or is another’s by now', async () => {
    expect(await read()).toBeUndefined();
    await given({ 'proc/7/cgroup': '0::/user.slice\n', 'cgroup/user.slice/memory.current': '1\n' });
    expect(await read()).toBeUndefined();
  });
});
