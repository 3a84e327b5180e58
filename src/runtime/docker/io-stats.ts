import { readFile, readlink } from 'node:fs/promises';
import type { Fields } from '../fields.ts';
import type { BlockIoCount, ContainerStats, InterfaceStats } from '../usage.ts';

type IoStats = Pick<ContainerStats, 'networks' | 'blockIo'>;

export interface IoPlaces {
  readonly proc: string;
  /** Of the cgroup of version 1 that counts block IO. */
  readonly blkio: string | undefined;
  /** Of the cgroup of version 2. */
  readonly unified: string | undefined;
}

/** What a process's network namespace and its cgroup say of its traffic; what can't be read is left out. */
export async function readIoStats(pid: number, places: IoPlaces): Promise<IoStats> {
  const [networks, blockIo] = await Promise.all([readNetworks(pid, places.proc), readBlockIo(places)]);
  return { ...(networks && { networks }), ...(blockIo && { blockIo }) };
}

async function readNetworks(pid: number, proc: string): Promise<IoStats['networks']> {
  try {
    const [own, its] = await Promise.all([
      readlink(`${proc}/self/ns/net`),
      readlink(`${proc}/${pid}/ns/net`),
    ]);
    // The machine's own traffic is no container's.
    return own === its ? undefined : interfacesOf(await readFile(`${proc}/${pid}/net/dev`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The lines of /proc/PID/net/dev: eight numbers received, eight sent. Undefined with the loopback alone. */
function interfacesOf(text: string): IoStats['networks'] {
  const networks: Record<string, InterfaceStats> = {};
  for (const line of text.split('\n')) {
    const [, name = 'lo', rest = ''] = /^\s*([^:\s]+):\s*(.*)$/.exec(line) ?? [];
    if (name === 'lo') continue;
    const [rxBytes = 0, rxPackets = 0, rxErrors = 0, rxDropped = 0, , , , , ...sent] = rest
      .split(/\s+/)
      .map(Number);
    const [txBytes = 0, txPackets = 0, txErrors = 0, txDropped = 0] = sent;
    networks[name] = { rxBytes, rxPackets, rxErrors, rxDropped, txBytes, txPackets, txErrors, txDropped };
  }
  return Object.keys(networks).length === 0 ? undefined : networks;
}

async function readBlockIo({ blkio, unified }: IoPlaces): Promise<IoStats['blockIo']> {
  try {
    if (blkio !== undefined) {
      const [bytes, operations] = await Promise.all(
        ['io_service_bytes_recursive', 'io_serviced_recursive'].map(async (name) =>
          countsOfV1(await readFile(`${blkio}/blkio.throttle.${name}`, 'utf8')),
        ),
      );
      return { bytes: bytes ?? [], operations: operations ?? [] };
    }
    if (unified === undefined) return undefined;
    const text = await readFile(`${unified}/io.stat`, 'utf8');
    return {
      bytes: countsOfV2(text, { read: 'rbytes', write: 'wbytes' }),
      operations: countsOfV2(text, { read: 'rios', write: 'wios' }),
    };
  } catch {
    return undefined;
  }
}

/** `8:0 Read 4096` for each device and operation. */
function countsOfV1(text: string): BlockIoCount[] {
  return [...text.matchAll(/^(\d+):(\d+) (\w+) (\d+)$/gm)].map(([, major, minor, op = '', value]) => ({
    ...{ major: Number(major), minor: Number(minor), op, value: Number(value) },
  }));
}

/** `8:0 rbytes=4096 wbytes=0 rios=1 wios=0 …` for each device. */
function countsOfV2(text: string, keys: Readonly<Record<string, string>>): BlockIoCount[] {
  return [...text.matchAll(/^(\d+):(\d+) (.*)$/gm)].flatMap(([, major, minor, rest = '']) => {
    const values = new Map(rest.split(' ').map((pair) => pair.split('=') as [string, string]));
    return Object.entries(keys).map(([op, key]) => ({
      ...{ major: Number(major), minor: Number(minor), op, value: Number(values.get(key) ?? 0) },
    }));
  });
}

/** The same of the Engine's own answer, where it has them. */
export function ioStatsOfEngine(stats: Fields): IoStats {
  const interfaces = stats.object('networks');
  const networks = Object.fromEntries(
    interfaces.keys().map((name) => {
      const count = (member: string) => interfaces.object(name).number(member) ?? 0;
      const received = {
        ...{ rxBytes: count('rx_bytes'), rxPackets: count('rx_packets') },
        ...{ rxErrors: count('rx_errors'), rxDropped: count('rx_dropped') },
      };
      const sent = {
        ...{ txBytes: count('tx_bytes'), txPackets: count('tx_packets') },
        ...{ txErrors: count('tx_errors'), txDropped: count('tx_dropped') },
      };
      return [name, { ...received, ...sent }];
    }),
  );
  const counts = (member: string): BlockIoCount[] =>
    stats
      .object('blkio_stats')
      .list(member)
      .map((entry) => ({
        ...{ major: entry.number('major') ?? 0, minor: entry.number('minor') ?? 0 },
        ...{ op: entry.text('op') ?? '', value: entry.number('value') ?? 0 },
      }));
  return {
    ...(interfaces.keys().length === 0 ? {} : { networks }),
    ...(stats.has('blkio_stats')
      ? {
          blockIo: {
            bytes: counts('io_service_bytes_recursive'),
            operations: counts('io_serviced_recursive'),
          },
        }
      : {}),
  };
}
