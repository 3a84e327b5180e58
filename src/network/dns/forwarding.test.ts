import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer } from 'dns-packet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../../clock/index.ts';
import { AnswerCache } from './answer-cache.ts';
import { Forwarder } from './forwarder.ts';
import { ResolverFile, readServers } from './resolver-file.ts';
import { askUdp, opt } from './testing/asking.ts';
import { openTestServer } from './testing/test-server.ts';
import { openUpstream } from './testing/upstream.ts';

const host = 'www.example.com';
const address = (ttl = 100): Answer => ({ name: host, type: 'A', ttl, data: '192.0.2.1' });
const start: Answer = {
  name: 'example.com',
  type: 'SOA',
  ttl: 500,
  data: {
    mname: 'ns.example.com',
    rname: 'h.example.com',
    serial: 1,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum: 30,
  },
};

describe('what the world is asked', () => {
  it('is told as it came, without its authority, and remembered as long as it holds', async () => {
    const clock = new VirtualClock(0);
    await using upstream = await openUpstream(() => ({
      answers: [address()],
      flags: 0x0480,
      additionals: [opt(1232)],
    }));
    await using server = await openTestServer([], { servers: [upstream], clock });
    const first = await askUdp(server.udp, 'WWW.example.com', 'A');
    expect(first).toMatchObject({ rcode: 'NOERROR', flag_aa: false, flag_ra: true, additionals: [] });
    expect(first.answers).toMatchObject([{ ttl: 100, data: '192.0.2.1' }]);
    await clock.advance(40_000);
    const second = await askUdp(server.udp, host, 'A', { additionals: [opt(1232)] });
    expect(second.answers).toMatchObject([{ ttl: 60 }]);
    expect(second.additionals).toMatchObject([{ type: 'OPT' }]);
    await clock.advance(60_000);
    await askUdp(server.udp, host, 'A');
    expect(upstream.asked).toHaveLength(2);
  });

  it.each([
    ['a name that isn’t there', 3, [start], 30_000, 1],
    ['a type that isn’t there', 0, [start], 30_000, 1],
    ['a name that isn’t there, for a time that nobody tells', 3, [], 0, 0],
  ])('is remembered for %s', async (_case, rcode, authorities, holdsMs, remembered) => {
    const clock = new VirtualClock(0);
    await using upstream = await openUpstream(() => ({ flags: rcode, authorities: [...authorities] }));
    await using server = await openTestServer([], { servers: [upstream], clock });
    expect(await askUdp(server.udp, host, 'A')).toMatchObject({
      rcode: rcode === 3 ? 'NXDOMAIN' : 'NOERROR',
    });
    await clock.advance(Math.max(0, holdsMs - 1));
    await askUdp(server.udp, host, 'A');
    expect(upstream.asked).toHaveLength(2 - remembered);
    await clock.advance(1);
    await askUdp(server.udp, host, 'A');
    expect(upstream.asked).toHaveLength(3 - remembered);
  });

  it('goes to the next when one fails or keeps silent, and SERVFAIL in the end', async () => {
    const clock = new VirtualClock(0);
    await using failing = await openUpstream(() => ({ flags: 2 }));
    await using silent = await openUpstream(() => undefined);
    await using answering = await openUpstream(() => ({ answers: [address()] }));
    await using server = await openTestServer([], { servers: [failing, silent, answering], clock });
    const asked = askUdp(server.udp, host, 'A');
    await until(() => silent.asked.length === 1);
    await clock.advance(1_000);
    expect(await asked).toMatchObject({ rcode: 'NOERROR' });
    await using helpless = await openTestServer([], { servers: [failing, silent], clock });
    const unanswered = askUdp(helpless.udp, host, 'A');
    await until(() => silent.asked.length === 2);
    await clock.advance(1_000);
    await until(() => silent.asked.length === 3);
    await clock.advance(1_500);
    expect(await unanswered).toMatchObject({ rcode: 'SERVFAIL' });
  });

  it('is SERVFAIL at once when there is nobody to ask', async () => {
    await using server = await openTestServer([], { servers: [] });
    expect(await askUdp(server.udp, host, 'A')).toMatchObject({ rcode: 'SERVFAIL' });
    await using refused = await openTestServer([], { servers: [{ address: '127.0.0.1', port: 1 }] });
    expect(await askUdp(refused.udp, host, 'A')).toMatchObject({ rcode: 'SERVFAIL' });
  });

  it('is asked by TCP when it doesn’t fit', async () => {
    await using upstream = await openUpstream((_, by) =>
      by === 'udp' ? { flags: 0x0200 } : { answers: Array.from({ length: 20 }, () => address()) },
    );
    await using server = await openTestServer([], { servers: [upstream] });
    const answer = await askUdp(server.udp, host, 'A', { additionals: [opt(1232)] });
    expect(answer.answers).toHaveLength(20);
    expect(upstream.asked).toEqual([`${host} A`, `tcp ${host} A`]);
  });

  it('is asked without EDNS where that isn’t known', async () => {
    await using upstream = await openUpstream(({ additionals }) =>
      additionals?.length === 0 ? { answers: [address()] } : { flags: 1 },
    );
    await using server = await openTestServer([], { servers: [upstream] });
    expect(await askUdp(server.udp, host, 'A')).toMatchObject({
      rcode: 'NOERROR',
      answers: [{ data: '192.0.2.1' }],
    });
  });

  it('is asked once for all who wait', async () => {
    await using upstream = await openUpstream(() => undefined);
    const forwarder = new Forwarder({
      clock: new VirtualClock(0),
      random: seededRandom(1),
      servers: [upstream],
    });
    await using server = await openTestServer([], { forwarder });
    const asking = Array.from({ length: 50 }, () => askUdp(server.udp, host, 'A'));
    await until(() => server.asked.length === 50 && upstream.asked.length > 0);
    forwarder[Symbol.dispose]();
    for (const answer of await Promise.all(asking)) expect(answer).toMatchObject({ rcode: 'SERVFAIL' });
    expect(upstream.asked).toHaveLength(1);
  });

  it('is asked for one asker so much at a time', async () => {
    await using upstream = await openUpstream(() => undefined);
    const forwarder = new Forwarder({
      clock: new VirtualClock(0),
      random: seededRandom(1),
      servers: [upstream],
    });
    await using server = await openTestServer([], { forwarder });
    const asking = Array.from({ length: 64 }, (_, index) => askUdp(server.udp, `h${index}.example.com`, 'A'));
    await until(() => upstream.asked.length === 64);
    expect(await askUdp(server.udp, host, 'A')).toMatchObject({ rcode: 'SERVFAIL' });
    forwarder[Symbol.dispose]();
    await Promise.all(asking);
    expect(upstream.asked).toHaveLength(64);
  });

  it('isn’t believed from a stranger, nor for another question', async () => {
    const clock = new VirtualClock(0);
    await using upstream = await openUpstream(() => ({ id: 1, answers: [address()] }));
    await using other = await openUpstream(() => ({
      questions: [{ name: 'x.example', type: 'A' }],
      answers: [address()],
    }));
    await using server = await openTestServer([], { servers: [upstream, other], clock });
    const asked = askUdp(server.udp, host, 'A');
    for (const [index, waitMs] of [1_000, 1_000, 1_500, 1_500].entries()) {
      await until(() => upstream.asked.length + other.asked.length === index + 1);
      await clock.advance(waitMs);
    }
    expect(await asked).toMatchObject({ rcode: 'SERVFAIL' });
  });

  it('goes on where an alias of ours leads', async () => {
    await using upstream = await openUpstream(() => ({ answers: [address()] }));
    await using server = await openTestServer([{ name: 'db.svc.local', ttl: 7, type: 'CNAME', data: host }], {
      servers: [upstream],
    });
    const answer = await askUdp(server.udp, 'db.svc.local', 'A');
    expect(answer.answers).toMatchObject([
      { name: 'db.svc.local', type: 'CNAME', data: host },
      { name: host, type: 'A', data: '192.0.2.1' },
    ]);
    expect(await askUdp(server.udp, 'db.svc.local', 'CNAME')).toMatchObject({ answers: [{ type: 'CNAME' }] });
    expect(upstream.asked).toEqual([`${host} A`]);
  });

  it('ends with the forwarder', async () => {
    await using upstream = await openUpstream(() => undefined);
    const forwarder = new Forwarder({
      clock: new VirtualClock(0),
      random: seededRandom(1),
      servers: [upstream],
    });
    await using server = await openTestServer([], { forwarder });
    const asked = askUdp(server.udp, host, 'A');
    await until(() => upstream.asked.length === 1);
    forwarder[Symbol.dispose]();
    expect(await asked).toMatchObject({ rcode: 'SERVFAIL' });
  });
});

describe('the machine’s resolvers', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'catamaran-dns-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are those of the file as it is now', async () => {
    const clock = new VirtualClock(0);
    const path = join(folder, 'resolv.conf');
    const file = new ResolverFile(path, clock);
    expect(file.servers()).toEqual([]);
    writeFileSync(path, 'nameserver 192.0.2.1\n');
    expect(file.servers()).toEqual([]);
    await clock.advance(2_000);
    expect(file.servers()).toEqual([{ address: '192.0.2.1', port: 53 }]);
    writeFileSync(path, 'nameserver 192.0.2.22\n');
    await clock.advance(2_000);
    expect(file.servers()).toEqual([{ address: '192.0.2.22', port: 53 }]);
    rmSync(path);
    await clock.advance(2_000);
    expect(file.servers()).toEqual([]);
  });

  it('are at most three addresses', () => {
    const text =
      '# no\nnameserver 10.0.0.1\n nameserver\tfd00::1 # x\nnameserver example\nnameserver fe80::1%eth0\nnameserver 1.1.1.1\n';
    expect(readServers(text).map((server) => server.address)).toEqual([
      '10.0.0.1',
      'fd00::1',
      'fe80::1%eth0',
    ]);
  });
});

describe('what is remembered', () => {
  it('has a bound in bytes, and loses what was asked for longest ago', () => {
    const cache = new AnswerCache(5_000);
    const answer = { message: Buffer.alloc(100), questionEnd: 0, ttlOffsets: [] };
    for (let index = 0; index < 100; index += 1) {
      cache.set(`name-${index}`, answer, 60, 0);
      cache.get('name-0', 0);
      expect(cache.bytes).toBeLessThanOrEqual(5_000);
    }
    expect(cache.get('name-0', 0)).toBeDefined();
    expect(cache.get('name-1', 0)).toBeUndefined();
    expect(cache.get('name-99', 60_000)).toBeUndefined();
    expect(cache.size).toBeLessThan(10);
  });
});

async function until(isSo: () => boolean): Promise<void> {
  const deadline = process.hrtime.bigint() + 100_000_000_000n;
  while (!isSo()) {
    if (process.hrtime.bigint() > deadline) throw new Error(`Not so within 100 s: ${isSo}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
