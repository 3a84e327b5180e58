import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { RequestEntry, TlsConnectionEntry } from '../../../balancing/index.ts';
import { seededRandom, VirtualClock } from '../../../clock/index.ts';
import { silentLog } from '../../../log.ts';
import { loadBalancers } from '../records.ts';
import { type ElbServer, startElb } from '../testing/elb-server.ts';
import { AccessLogs } from './access-logs.ts';
import { BucketFolders } from './bucket-folders.ts';
import { accessLogLine } from './lines.ts';

const request: RequestEntry = {
  type: 'request',
  kind: 'http',
  beganAt: Date.UTC(2018, 6, 2, 22, 22, 48, 364) * 1_000,
  endedAt: Date.UTC(2018, 6, 2, 22, 23, 0, 186) * 1_000 + 641,
  client: { address: '192.168.131.39', port: 2817 },
  target: { address: '10.0.0.1', port: 80 },
  targetGroupArn:
    'arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067',
  ...{ requestMs: 0, targetMs: 1, status: 200, isTargets: true, isClientGone: false },
  ...{ receivedBytes: 34, sentBytes: 366, listenerPort: 80 },
  request: { method: 'GET', url: 'http://www.example.com:80/', version: 'HTTP/1.1' },
  userAgent: 'curl/7.46.0',
  traceId: 'Root=1-58337262-36d228ad5d99923122bbe354',
  ...{ rule: 'default', action: 'forward', connectionId: '1234abcd-5678-ef90' },
};
const connection: TlsConnectionEntry = {
  type: 'tls',
  beganAt: Date.UTC(2018, 11, 20, 2, 59, 35) * 1_000,
  endedAt: Date.UTC(2018, 11, 20, 2, 59, 40) * 1_000,
  client: { address: '72.21.218.154', port: 51341 },
  listenerId: 'g3d4b5e8bb8464cd',
  destination: { address: '172.100.100.185', port: 443 },
  ...{ connectionMs: 5, handshakeMs: 2, receivedBytes: 98, sentBytes: 246 },
  tls: {
    ...{ cipher: 'ECDHE-RSA-AES128-SHA', version: 'TLSv1.2', serverName: 'site.example' },
    certificateArn: 'arn:aws:acm:us-east-2:671290407336:certificate/2a108f19',
  },
  alpn: 'h2',
};
const web = { type: 'application', name: 'my-loadbalancer', id: '50dc6c495c0c9188', dnsName: '' } as const;
const net = { type: 'network', name: 'my-net', id: 'c6e77e28c25b2234', dnsName: 'my-net.elb' } as const;

describe('lines of access logs', () => {
  it('are as AWS documents them', () => {
    expect(accessLogLine(request, web)).toBe(
      'http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 ' +
        '0.000 0.001 0.000 200 200 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - ' +
        'arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 ' +
        '"Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 2018-07-02T22:22:48.364000Z "forward" "-" "-" ' +
        '"10.0.0.1:80" "200" "-" "-" TID_1234abcd5678ef90 "-" "-" "-"',
    );
    expect(accessLogLine(connection, net)).toBe(
      'tls 2.0 2018-12-20T02:59:40 net/my-net/c6e77e28c25b2234 g3d4b5e8bb8464cd 72.21.218.154:51341 ' +
        '172.100.100.185:443 5 2 98 246 - arn:aws:acm:us-east-2:671290407336:certificate/2a108f19 - ' +
        'ECDHE-RSA-AES128-SHA tlsv12 - site.example h2 h2 - 2018-12-20T02:59:35',
    );
  });

  it('say what did not come about', () => {
    const {
      status: _,
      request: _request,
      target: _target,
      targetGroupArn: _group,
      rule: _rule,
      ...rest
    } = request;
    const { requestMs: _ms, targetMs: _targetMs, action: _action, ...bare } = rest;
    const line = accessLogLine({ ...bare, isTargets: false, isClientGone: true }, web);
    expect(line).toContain(' - -1 -1 -1 460 - 34 366 "- - -" ');
    expect(line).toContain(' - 2018-07-02T22:22:48.364000Z "-" "-" "-" "-" "-" ');
  });

  it('end with what transforms made of a request', () => {
    const transform = { status: 'TransformSuccess', url: '/v2/a?b' };
    expect(accessLogLine({ ...request, transform }, web)).toMatch(/ "-" "\/v2\/a\?b" "TransformSuccess"$/);
    expect(accessLogLine(request, web)).toMatch(/ "-" "-" "-"$/);
  });

  it('stay one line with its quotes, whatever a client sends', () => {
    const line = accessLogLine({ ...request, userAgent: 'a" \\ \n\u00e9' }, web);
    expect(line).toContain('"a\\x22 \\x5C \\x0A\\xE9" - -');
  });
});

const start = Date.UTC(2026, 0, 15, 12, 2);
const opened: (() => PromiseLike<void> | void)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

interface Logs {
  readonly server: ElbServer;
  readonly clock: VirtualClock;
  readonly directory: string;
  readonly buckets: BucketFolders;
  readonly arn: string;
  /** Of its node. */
  readonly address: string;
  open(): AccessLogs;
  set(attributes: Readonly<Record<string, string>>): Promise<unknown>;
  /** Keys below a bucket, sorted. */
  keys(bucket: string): string[];
  told(logs: AccessLogs, count?: number): void;
}

async function openLogs(): Promise<Logs> {
  const server = await startElb();
  opened.push(() => server[Symbol.asyncDispose]());
  const directory = mkdtempSync(join(tmpdir(), 'catamaran-access-logs-'));
  opened.push(() => rmSync(directory, { recursive: true, force: true }));
  const clock = new VirtualClock(start);
  const buckets = new BucketFolders({ directory: join(directory, 'buckets'), log: silentLog });
  const arn = await server.loadBalancer('front', { Scheme: 'internal' });
  const [node] = [...server.state.list(loadBalancers)].flatMap(({ value }) => value.nodes);
  if (node === undefined) throw new Error('The load balancer has no nodes');
  return {
    ...{ server, clock, directory, buckets, arn, address: node.privateIpv4 },
    open: () =>
      new AccessLogs({
        ...{ state: server.state, buckets, clock, random: seededRandom('logs'), log: silentLog },
        spoolDirectory: join(directory, 'spool'),
      }),
    set: (attributes) =>
      server.elb.modifyLoadBalancerAttributes({
        LoadBalancerArn: arn,
        Attributes: Object.entries(attributes).map(([Key, Value]) => ({ Key, Value })),
      }),
    keys: (bucket) => {
      const root = join(directory, 'buckets', bucket);
      if (!existsSync(root)) return [];
      return readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1))
        .sort();
    },
    told: (logs, count = 1) =>
      logs.logged(arn, {
        interfaceId: node.interfaceId,
        entries: Array.from({ length: count }, () => request),
      }),
  };
}

const on = {
  'access_logs.s3.enabled': 'true',
  'access_logs.s3.bucket': 'harbour-logs',
  'access_logs.s3.prefix': 'web',
};
const linesOf = ({ directory }: Logs, bucket: string, key: string): string[] =>
  gunzipSync(readFileSync(join(directory, 'buckets', bucket, key)))
    .toString()
    .trimEnd()
    .split('\n');

describe('access logs', () => {
  it('begin with a test file, and are refused where none can be written', async () => {
    const { server, set } = await openLogs();
    await expect(set({ 'access_logs.s3.enabled': 'true' })).rejects.toMatchObject({
      name: 'ValidationError',
    });
    await expect(set({ ...on, 'access_logs.s3.bucket': 'denied' })).rejects.toMatchObject({
      name: 'InvalidConfigurationRequestException',
    });
    for (const prefix of ['../up', 'a/../b', 'x/AWSLogs', 'a//b', `${'a'.repeat(45)}@`]) {
      await expect(set({ ...on, 'access_logs.s3.prefix': prefix })).rejects.toMatchObject({
        name: 'ValidationError',
      });
    }
    expect([...server.logObjects.keys()]).toEqual([]);
    await set(on);
    expect([...server.logObjects.keys()]).toEqual([
      'harbour-logs/web/AWSLogs/111122223333/ELBAccessLogTestFile',
    ]);
  });

  it('are objects every five minutes, one for each node', async () => {
    const logs = await openLogs();
    await logs.set(on);
    await using accessLogs = logs.open();
    logs.told(accessLogs, 2);
    logs.told(accessLogs);
    expect(logs.keys('harbour-logs')).toEqual([]);
    await logs.clock.advance(180_000);
    await logs.buckets.settle();
    const [key = '', ...more] = logs.keys('harbour-logs');
    expect(more).toEqual([]);
    const id = logs.arn.split('/').at(-1);
    expect(key).toMatch(
      new RegExp(
        `^web/AWSLogs/111122223333/elasticloadbalancing/eu-west-1/2026/01/15/` +
          `111122223333_elasticloadbalancing_eu-west-1_app\\.front\\.${id}_20260115T1205Z_${logs.address}_[a-z0-9]{8}\\.log\\.gz$`,
      ),
    );
    expect(linesOf(logs, 'harbour-logs', key)).toHaveLength(3);
    await logs.clock.advance(600_000);
    await logs.buckets.settle();
    expect(logs.keys('harbour-logs')).toHaveLength(1);
  });

  it('go where they were to go when they end or go elsewhere, and nothing is logged from then on', async () => {
    const logs = await openLogs();
    await logs.set(on);
    await using accessLogs = logs.open();
    logs.told(accessLogs);
    await logs.set({ 'access_logs.s3.bucket': 'other-logs' });
    await logs.buckets.settle();
    expect(logs.keys('harbour-logs')).toHaveLength(1);
    logs.told(accessLogs);
    await logs.server.elb.deleteLoadBalancer({ LoadBalancerArn: logs.arn });
    logs.told(accessLogs);
    await logs.buckets.settle();
    expect(logs.keys('other-logs')).toHaveLength(1);
    expect(logs.keys('harbour-logs')).toHaveLength(1);
  });

  it('survive the process that was told', async () => {
    const logs = await openLogs();
    await logs.set(on);
    const first = logs.open();
    logs.told(first);
    await first[Symbol.asyncDispose]();
    await using second = logs.open();
    logs.told(second);
    await logs.clock.advance(300_000);
    await logs.buckets.settle();
    const [key = ''] = logs.keys('harbour-logs');
    expect(linesOf(logs, 'harbour-logs', key)).toHaveLength(2);
  });

  it('show their last lines to whoever watches', async () => {
    const logs = await openLogs();
    await logs.set(on);
    await using accessLogs = logs.open();
    let told = 0;
    using _listening = accessLogs.onLogged(() => {
      told += 1;
    });
    logs.told(accessLogs, 1_500);
    expect(told).toBe(1);
    expect(accessLogs.last(logs.arn)).toBe(1_500);
    const lines = accessLogs.read(logs.arn, 0, 2_000);
    expect(lines.at(0)?.sequence).toBe(501);
    expect(accessLogs.read(logs.arn, 1_499, 5)).toHaveLength(1);
    expect(accessLogs.find({ accountId: '111122223333', region: 'eu-west-1' }, 'front')).toEqual({
      ...{ arn: logs.arn, isLogged: true },
    });
  });
});

describe('folders that stand for buckets', () => {
  it('compress what an earlier process left, and keep the newest logs within their bound', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'catamaran-buckets-'));
    opened.push(() => rmSync(directory, { recursive: true, force: true }));
    const folders = new BucketFolders({ directory, log: silentLog, mostLogBytes: 40 });
    writeFileSync(join(directory, 'one'), 'first\n');
    folders.take(join(directory, 'one'), 'bucket', 'a/1.log.gz');
    await new BucketFolders({ directory, log: silentLog, mostLogBytes: 40 }).settle();
    expect(gunzipSync(readFileSync(join(directory, 'bucket/a/1.log.gz'))).toString()).toBe('first\n');
    folders.write('bucket', 'a/notes.txt', 'x'.repeat(100));
    writeFileSync(join(directory, 'two'), 'second\n');
    folders.take(join(directory, 'two'), 'bucket', 'a/2.log.gz');
    await folders.settle();
    expect(readdirSync(join(directory, 'bucket/a')).sort()).toEqual(['2.log.gz', 'notes.txt']);
  });
});
