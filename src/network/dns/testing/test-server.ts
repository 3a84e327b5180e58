import { seededRandom, VirtualClock } from '../../../clock/index.ts';
import { type RecordingLog, recordingLog } from '../../../log.ts';
import type { DnsFound, DnsRecord, SoaRecord } from '../../../topology/index.ts';
import { type DnsServer, type DnsServerOptions, openDnsServer } from '../dns-server.ts';
import { Forwarder, type ForwarderOptions } from '../forwarder.ts';

export interface TestServer extends AsyncDisposable {
  readonly udp: number;
  readonly tcp: number;
  readonly server: DnsServer;
  readonly log: RecordingLog;
  readonly asked: { readonly name: string; readonly type: string; readonly asker: string }[];
}

export const soa: SoaRecord = {
  name: 'svc.local',
  ttl: 15,
  type: 'SOA',
  data: {
    mname: 'ns.svc.local',
    rname: 'hostmaster.svc.local',
    serial: 1,
    refresh: 7200,
    retry: 900,
    expire: 1209600,
    minimum: 60,
  },
};

/** A server that knows the records given, all in the zone `svc.local`, and asks `servers` for the rest; its time stands still. */
export async function openTestServer(
  records: readonly DnsRecord[],
  more: Partial<DnsServerOptions> & Pick<ForwarderOptions, 'servers'> & { readonly atMost?: number } = {},
): Promise<TestServer> {
  const clock = more.clock ?? new VirtualClock(0);
  const random = seededRandom(7);
  const log = recordingLog();
  const forwarder = new Forwarder({ clock, random, servers: more.servers ?? [] });
  const asked: { name: string; type: string; asker: string }[] = [];
  const lookup = ({ name, type }: { name: string; type: string }, asker: string): DnsFound => {
    asked.push({ name, type, asker });
    if (name !== 'svc.local' && !name.endsWith('.svc.local')) return { kind: 'not-ours' };
    const named = records.filter((record) => record.name === name);
    const wanted = named.filter((record) => record.type === type || record.type === 'CNAME');
    if (wanted.length === 0) return { kind: named.length === 0 ? 'nxdomain' : 'nodata', soa };
    return {
      kind: 'records',
      records: wanted,
      ...(more.atMost === undefined ? {} : { atMost: more.atMost }),
    };
  };
  const server = await openDnsServer({
    sockets: [
      { type: 'udp', host: '127.0.0.1', port: 0 },
      { type: 'tcp', host: '127.0.0.1', port: 0 },
    ],
    lookup,
    forwarder,
    clock,
    random,
    log,
    ...more,
  });
  const [udp = 0, tcp = 0] = server.ports;
  return {
    udp,
    tcp,
    server,
    log,
    asked,
    async [Symbol.asyncDispose]() {
      forwarder[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
