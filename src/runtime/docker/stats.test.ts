import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
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
  const read = (withIo = false) =>
    readCgroupStats(7, 'abc', { proc: join(directory, 'proc'), root: join(directory, 'cgroup'), withIo });
  const inNamespaces = async (own: string, its: string): Promise<void> => {
    for (const [pid, namespace] of [
      ['self', own],
      ['7', its],
    ] as const) {
      await mkdir(join(directory, 'proc', pid, 'ns'), { recursive: true });
      await symlink(`net:[${namespace}]`, join(directory, 'proc', pid, 'ns', 'net'));
    }
  };
  const netDev = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     900      9    0    0    0     0          0         0      900      9    0    0    0     0       0          0
  eth0:12345678     12    1    2    0     0          0         0      456      4    3    5    0     0       0          0
`;

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

  it('reads what goes over the network and to the disks, when asked', async () => {
    await given({
      'proc/7/cgroup': '5:memory:/abc\n3:cpuacct:/abc\n2:blkio:/abc\n',
      'cgroup/memory/abc/memory.usage_in_bytes': '5000\n',
      'cgroup/memory/abc/memory.stat': 'total_inactive_file 0\n',
      'cgroup/cpuacct/abc/cpuacct.usage': '1\n',
      'cgroup/blkio/abc/blkio.throttle.io_service_bytes_recursive':
        '8:0 Read 4096\n8:0 Write 8\nTotal 4104\n',
      'cgroup/blkio/abc/blkio.throttle.io_serviced_recursive': '8:0 Read 2\n8:0 Write 1\nTotal 3\n',
      'proc/7/net/dev': netDev,
    });
    await inNamespaces('1', '2');
    expect(await read(true)).toEqual({
      cpuUsageNanos: 1,
      memoryBytes: 5_000,
      networks: {
        eth0: {
          ...{ rxBytes: 12_345_678, rxPackets: 12, rxErrors: 1, rxDropped: 2 },
          ...{ txBytes: 456, txPackets: 4, txErrors: 3, txDropped: 5 },
        },
      },
      blockIo: {
        bytes: [
          { major: 8, minor: 0, op: 'Read', value: 4096 },
          { major: 8, minor: 0, op: 'Write', value: 8 },
        ],
        operations: [
          { major: 8, minor: 0, op: 'Read', value: 2 },
          { major: 8, minor: 0, op: 'Write', value: 1 },
        ],
      },
    });
    expect(await read()).toEqual({ cpuUsageNanos: 1, memoryBytes: 5_000 });
  });

  it('leaves the machine’s own network out, and reads version 2’s disks', async () => {
    await given({
      'proc/7/cgroup': '0::/docker-abc.scope\n',
      'cgroup/docker-abc.scope/memory.current': '5000\n',
      'cgroup/docker-abc.scope/memory.stat': 'inactive_file 500\n',
      'cgroup/docker-abc.scope/cpu.stat': 'usage_usec 77\n',
      'cgroup/docker-abc.scope/io.stat': '8:16 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n',
      'proc/7/net/dev': netDev,
    });
    await inNamespaces('1', '1');
    const disk = { major: 8, minor: 16 };
    expect(await read(true)).toEqual({
      cpuUsageNanos: 77_000,
      memoryBytes: 4_500,
      blockIo: {
        bytes: [
          { ...disk, op: 'read', value: 10 },
          { ...disk, op: 'write', value: 20 },
        ],
        operations: [
          { ...disk, op: 'read', value: 1 },
          { ...disk, op: 'write', value: 2 },
        ],
      },
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
