import { readFile } from 'node:fs/promises';
import { Fields } from '../fields.ts';
import type { ContainerStats } from '../usage.ts';
import type { EngineApi } from './engine-api.ts';
import { isStatus } from './failures.ts';
import { ioStatsOfEngine, readIoStats } from './io-stats.ts';

/** Limits above this are "unlimited" in cgroup v1's way of writing it. */
const unlimitedBytes = 2 ** 60;

/**
 * A process's use of CPU and memory by the files of its cgroup: 40 microseconds, where the Engine's API takes a second
 * or two. Undefined when the files are not there to read (another machine, another cgroup namespace, no longer
 * running).
 *
 * Memory is without the page cache that the kernel would give back first, as the Engine reckons it.
 */
export async function readCgroupStats(
  pid: number,
  runtimeId: string,
  { proc = '/proc', root = '/sys/fs/cgroup', withIo = false } = {},
): Promise<ContainerStats | undefined> {
  try {
    const text = await readFile(`${proc}/${pid}/cgroup`, 'utf8');
    // The number may be another process's by now; a container's cgroup carries its id.
    if (!text.includes(runtimeId)) return undefined;
    const places = cgroupPlaces(text);
    const memory = places.get('memory');
    const cpu = places.get('cpuacct');
    const unified = places.get('');
    let reading: Promise<ContainerStats> | undefined;
    if (memory !== undefined && cpu !== undefined)
      reading = readV1(`${root}/memory${memory}`, `${root}/cpuacct${cpu}`);
    else if (unified !== undefined) reading = readV2(root, unified);
    if (reading === undefined) return undefined;
    const blkio = places.get('blkio');
    const ioPlaces = {
      proc,
      blkio: blkio && `${root}/blkio${blkio}`,
      unified: unified && `${root}${unified}`,
    };
    const [stats, machine, io] = await Promise.all([
      reading,
      readMachine(proc),
      withIo ? readIoStats(pid, ioPlaces) : {},
    ]);
    return { ...stats, ...(machine && { machine }), ...io };
  } catch {
    return undefined;
  }
}

/** `/proc/PID/cgroup`: `4:cpu,cpuacct:/path` for each v1 controller, `0::/path` for v2. */
function cgroupPlaces(text: string): Map<string, string> {
  const places = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.+)$/.exec(line) ?? [];
    if (path === undefined || controllers === undefined) continue;
    for (const controller of controllers.split(',')) places.set(controller, path);
  }
  return places;
}

/** In hundredths of a second: USER_HZ, which Linux shows everywhere as 100 (proc(5)). */
const nanosPerTick = 10_000_000;
/** user, nice, system, idle, iowait, irq, softirq: those that the Engine sums up. */
const cpuStates = 7;

async function readMachine(proc: string): Promise<ContainerStats['machine']> {
  const lines = (await readFile(`${proc}/stat`, 'utf8').catch(() => '')).split('\n');
  const [, ...ticks] = lines.find((line) => line.startsWith('cpu '))?.split(/ +/) ?? [];
  if (ticks.length < cpuStates) return undefined;
  const total = ticks.slice(0, cpuStates).reduce((sum, text) => sum + Number(text), 0);
  return {
    cpuTimeNanos: total * nanosPerTick,
    cpus: lines.filter((line) => /^cpu\d/.test(line)).length,
  };
}

async function readV1(memory: string, cpu: string): Promise<ContainerStats> {
  const [usage, memoryStat, cpuUsage] = await Promise.all([
    readNumber(`${memory}/memory.usage_in_bytes`),
    readStat(`${memory}/memory.stat`),
    readNumber(`${cpu}/cpuacct.usage`),
  ]);
  const limit = memoryStat.get('hierarchical_memory_limit');
  return {
    cpuUsageNanos: cpuUsage,
    memoryBytes: Math.max(0, usage - (memoryStat.get('total_inactive_file') ?? 0)),
    ...(limit !== undefined && limit < unlimitedBytes ? { memoryLimitBytes: limit } : {}),
  };
}

async function readV2(root: string, path: string): Promise<ContainerStats> {
  const directory = `${root}${path}`;
  const [usage, memoryStat, cpuStat, limit] = await Promise.all([
    readNumber(`${directory}/memory.current`),
    readStat(`${directory}/memory.stat`),
    readStat(`${directory}/cpu.stat`),
    leastLimit(root, path),
  ]);
  return {
    cpuUsageNanos: (cpuStat.get('usage_usec') ?? 0) * 1000,
    memoryBytes: Math.max(0, usage - (memoryStat.get('inactive_file') ?? 0)),
    ...(limit === undefined ? {} : { memoryLimitBytes: limit }),
  };
}

/** Every level above limits too. */
async function leastLimit(root: string, path: string): Promise<number | undefined> {
  const levels = path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
  const limits = await Promise.all(
    levels
      .filter((level) => level !== '')
      .map((level) => readNumber(`${root}${level}/memory.max`).catch(() => NaN)),
  );
  const given = limits.filter((limit) => Number.isFinite(limit));
  return given.length === 0 ? undefined : Math.min(...given);
}

async function readNumber(path: string): Promise<number> {
  return Number((await readFile(path, 'utf8')).trim());
}

async function readStat(path: string): Promise<Map<string, number>> {
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [name = '', value] = line.split(' ');
      return [name, Number(value)];
    }),
  );
}

/** By the Engine: slow, but from anywhere. Undefined when it is not running. */
export async function readEngineStats(
  api: EngineApi,
  container: string,
): Promise<ContainerStats | undefined> {
  let stats: Fields;
  try {
    const query = { stream: false, 'one-shot': true };
    stats = new Fields(
      await api.json('GET', `/containers/${encodeURIComponent(container)}/stats`, { query }),
    );
  } catch (error) {
    if (isStatus(error, 404, 409)) return undefined;
    throw error;
  }
  const memory = stats.object('memory_stats');
  const usage = memory.number('usage');
  if (usage === undefined) return undefined;
  const parts = memory.object('stats');
  const cache = parts.number('total_inactive_file') ?? parts.number('inactive_file') ?? 0;
  const limit = memory.number('limit');
  const cpuTimeNanos = stats.object('cpu_stats').number('system_cpu_usage');
  const cpus = stats.object('cpu_stats').number('online_cpus');
  return {
    cpuUsageNanos: stats.object('cpu_stats').object('cpu_usage').number('total_usage') ?? 0,
    memoryBytes: Math.max(0, usage - cache),
    ...(limit === undefined ? {} : { memoryLimitBytes: limit }),
    ...(cpuTimeNanos === undefined || cpus === undefined ? {} : { machine: { cpuTimeNanos, cpus } }),
    ...ioStatsOfEngine(stats),
  };
}
