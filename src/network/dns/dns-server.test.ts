import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { connect } from 'node:net';
import { decode } from 'dns-packet';
import { describe, expect, it, vi } from 'vitest';
import { VirtualClock } from '../../clock/index.ts';
import type { DnsRecord } from '../../topology/index.ts';
import { askTcp, askUdp, opt, question, sendUdp } from './testing/asking.ts';
import { openTestServer, soa } from './testing/test-server.ts';

const address = (name: string, data: string): DnsRecord => ({ name, ttl: 60, type: 'A', data });
const web = 'web.svc.local';
const many = Array.from({ length: 60 }, (_, index) => address(web, `10.0.0.${index}`));

describe('the DNS server', () => {
  it.each<[string, DnsRecord, unknown]>([
    ['A', address(web, '10.0.0.1'), '10.0.0.1'],
    ['AAAA', { name: web, ttl: 5, type: 'AAAA', data: 'fd00::1' }, 'fd00::1'],
    ['CNAME', { name: web, ttl: 5, type: 'CNAME', data: 'other.example' }, 'other.example'],
    ['PTR', { name: web, ttl: 5, type: 'PTR', data: 'x.example' }, 'x.example'],
    ['NS', { name: web, ttl: 5, type: 'NS', data: 'ns.example' }, 'ns.example'],
    [
      'SRV',
      { name: web, ttl: 5, type: 'SRV', data: { priority: 1, weight: 2, port: 80, target: 't.svc.local' } },
      { priority: 1, weight: 2, port: 80, target: 't.svc.local' },
    ],
    [
      'TXT',
      { name: web, ttl: 5, type: 'TXT', data: ['one', 'two'] },
      [Buffer.from('one'), Buffer.from('two')],
    ],
    ['SOA', { ...soa, name: web }, soa.data],
  ])('answers %s with authority', async (type, record, data) => {
    await using server = await openTestServer([record]);
    const answer = await askUdp(server.udp, web, type);
    expect(answer).toMatchObject({
      id: 4711,
      rcode: 'NOERROR',
      flag_aa: true,
      flag_ra: true,
      flag_rd: true,
      flag_tc: false,
    });
    expect(answer.answers).toMatchObject([{ name: web, type, ttl: record.ttl, data }]);
    expect(server.asked).toEqual([{ name: web, type, asker: '127.0.0.1' }]);
  });

  it('repeats the asker’s letters and looks up in lower case', async () => {
    await using server = await openTestServer([address(web, '10.0.0.1')]);
    const answer = await askUdp(server.udp, 'wEB.sVc.LOCAL', 'A');
    expect(answer.questions).toMatchObject([{ name: 'wEB.sVc.LOCAL' }]);
    expect(answer.answers).toMatchObject([{ name: 'wEB.sVc.LOCAL', data: '10.0.0.1' }]);
    expect(server.asked).toMatchObject([{ name: web }]);
  });

  it.each([
    ['a type that isn’t there', web, 'AAAA', 'NOERROR'],
    ['a name that isn’t there', 'none.svc.local', 'A', 'NXDOMAIN'],
  ])('says of %s how long that holds', async (_case, name, type, rcode) => {
    await using server = await openTestServer([address(web, '10.0.0.1')]);
    const answer = await askUdp(server.udp, name, type);
    expect(answer).toMatchObject({ rcode, answers: [], flag_aa: true });
    expect(answer.authorities).toMatchObject([
      { type: 'SOA', name: 'svc.local', ttl: 15, data: { minimum: 60 } },
    ]);
  });

  it('follows aliases through its own names, and not for ever', async () => {
    await using server = await openTestServer([
      { name: 'a.svc.local', ttl: 9, type: 'CNAME', data: 'B.svc.local' },
      { name: 'b.svc.local', ttl: 9, type: 'CNAME', data: web },
      address(web, '10.0.0.1'),
      { name: 'loop.svc.local', ttl: 9, type: 'CNAME', data: 'loop.svc.local' },
    ]);
    const answer = await askUdp(server.udp, 'a.svc.local', 'A');
    expect(answer.answers?.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'a.svc.local CNAME',
      'b.svc.local CNAME',
      `${web} A`,
    ]);
    expect(await askUdp(server.udp, 'loop.svc.local', 'A')).toMatchObject({ rcode: 'SERVFAIL', answers: [] });
  });

  it('tells at most as many as it should, others each time', async () => {
    await using server = await openTestServer(many, { atMost: 8 });
    const seen = new Set<string>();
    const firsts = new Set<unknown>();
    for (let time = 0; time < 40; time += 1) {
      const { answers = [] } = await askUdp(server.udp, web, 'A');
      expect(new Set(answers.map((record) => 'data' in record && record.data)).size).toBe(8);
      for (const record of answers) seen.add(String('data' in record && record.data));
      firsts.add(answers[0] !== undefined && 'data' in answers[0] && answers[0].data);
    }
    expect(seen.size).toBeGreaterThan(50);
    expect(firsts.size).toBeGreaterThan(15);
  });

  it('cuts by UDP what is too long for the asker, who gets the whole by TCP', async () => {
    await using server = await openTestServer(many);
    expect(await askUdp(server.udp, web, 'A')).toMatchObject({ flag_tc: true, answers: [] });
    const small = await askUdp(server.udp, web, 'A', { additionals: [opt(900)] });
    expect(small).toMatchObject({ flag_tc: true, additionals: [{ type: 'OPT', udpPayloadSize: 1232 }] });
    const large = await askUdp(server.udp, web, 'A', { additionals: [opt(4096)] });
    expect(large.answers).toHaveLength(60);
    const [byTcp = Buffer.alloc(0)] = await askTcp(server.tcp, question(web, 'A'));
    expect(decode(byTcp).answers).toHaveLength(60);
  });

  it('answers many questions of one connection', async () => {
    await using server = await openTestServer(many);
    const ids = Array.from({ length: 200 }, (_, id) => id);
    const answers = await askTcp(server.tcp, ...ids.map((id) => question(web, 'A', { id })));
    expect(new Set(answers.map((answer) => answer.readUInt16BE(0)))).toEqual(new Set(ids));
  });

  it('ends connections on which nothing is asked', async () => {
    const clock = new VirtualClock(0);
    await using server = await openTestServer([address(web, '10.0.0.1')], { clock });
    const socket = connect(server.tcp, '127.0.0.1');
    const message = question(web, 'A');
    socket.write(Buffer.concat([Buffer.from([0, message.length]), message]));
    await once(socket, 'data');
    await clock.advance(9_999);
    expect(socket.readyState).toBe('open');
    await clock.advance(1);
    await once(socket.resume(), 'close');
  });

  it('takes so many connections of one asker', async () => {
    await using server = await openTestServer([]);
    const sockets = Array.from({ length: 17 }, () => connect(server.tcp, '127.0.0.1').resume());
    await Promise.race(sockets.map((socket) => once(socket, 'close')));
    expect(sockets.filter(({ destroyed }) => destroyed)).toHaveLength(1);
    for (const socket of sockets) socket.destroy();
  });

  it.each<[string, Buffer, object]>([
    ['an unknown operation', question(web, 'A', { flags: 0x2000 }), { rcode: 'NOTIMP', questions: [] }],
    ['no question', question(web, 'A', { questions: [] }), { rcode: 'FORMERR' }],
    ['a question that is cut off', question(web, 'A').subarray(0, 20), { rcode: 'FORMERR' }],
    [
      'a name that points to itself',
      Buffer.concat([question(web, 'A').subarray(0, 12), Buffer.from([0xc0, 12, 0, 1, 0, 1])]),
      { rcode: 'FORMERR' },
    ],
    [
      'two questions',
      question(web, 'A', {
        questions: [
          { name: web, type: 'A' },
          { name: web, type: 'A' },
        ],
      }),
      { rcode: 'FORMERR' },
    ],
    ['two OPTs', question(web, 'A', { additionals: [opt(900), opt(900)] }), { rcode: 'FORMERR' }],
    ['a transfer of the zone', question('svc.local', 'AXFR'), { rcode: 'REFUSED' }],
    [
      'another class',
      question(web, 'A', { questions: [{ name: web, type: 'A', class: 'CH' }] }),
      { rcode: 'REFUSED' },
    ],
    [
      'everything',
      question(web, 'ANY'),
      { rcode: 'NOERROR', answers: [{ type: 'HINFO', data: { cpu: 'RFC8482', os: '' } }] },
    ],
    [
      'EDNS of another version',
      question(web, 'A', { additionals: [opt(900, { ednsVersion: 1 })] }),
      { rcode: 'NOERROR', additionals: [{ type: 'OPT', extendedRcode: 1, ednsVersion: 0 }] },
    ],
    [
      'others’ names without recursion',
      question('example.com', 'A', { flags: 0 }),
      { rcode: 'REFUSED', flag_rd: false },
    ],
  ])('answers %s with the code for it', async (_case, message, expected) => {
    await using server = await openTestServer(many);
    expect(decode(await sendUdp(server.udp, message))).toMatchObject({ id: 4711, ...expected });
  });

  it('says nothing to answers and to what is shorter than a header', async () => {
    await using server = await openTestServer(many);
    const silent = [question(web, 'A', { type: 'response', id: 1 }), Buffer.from([0, 1]), Buffer.alloc(0)];
    const first = await sendUdp(server.udp, ...silent, question(web, 'A', { id: 2 }));
    expect(first.readUInt16BE(0)).toBe(2);
  });

  it('takes 1,024 packets a second of one asker and tells once', async () => {
    const clock = new VirtualClock(0);
    await using server = await openTestServer([address(web, '10.0.0.1')], { clock });
    for (let sent = 0; sent < 1024; sent += 32) {
      await Promise.all(Array.from({ length: 32 }, () => askUdp(server.udp, web, 'A')));
    }
    const dropped = createSocket('udp4').on('message', () => expect.unreachable('an answer above the limit'));
    for (const id of [1, 2, 3]) dropped.send(question(web, 'A', { id }), server.udp, '127.0.0.1');
    await vi.waitFor(() => expect(server.log.lines).toHaveLength(1));
    await clock.advance(1000);
    expect(await askUdp(server.udp, web, 'A')).toMatchObject({ rcode: 'NOERROR' });
    dropped.close();
    expect(server.log.lines).toMatchObject([{ level: 'warn', fields: { asker: '127.0.0.1' } }]);
  });

  it('answers a failure of what knows the names with SERVFAIL, and logs it', async () => {
    await using server = await openTestServer([], {
      lookup: () => {
        throw new Error('lost');
      },
    });
    expect(await askUdp(server.udp, web, 'A')).toMatchObject({ rcode: 'SERVFAIL' });
    expect(server.log.lines).toMatchObject([{ level: 'error', fields: { name: web } }]);
  });

  it('closes all when one socket can’t be had', async () => {
    await using server = await openTestServer([]);
    const sockets = [
      { type: 'udp', host: '127.0.0.1', port: 0 },
      { type: 'tcp', host: '127.0.0.1', port: server.tcp },
    ] as const;
    await expect(openTestServer([], { sockets })).rejects.toThrow('EADDRINUSE');
    await expect(
      openTestServer([], { sockets: [{ type: 'udp', openFd: () => openSync('/dev/null', 'r') }] }),
    ).rejects.toThrow();
    const asked: string[] = [];
    const absent = (type: 'udp' | 'tcp') => ({
      type,
      openFd: (): number => {
        asked.push(type);
        throw new Error('The VPC is gone');
      },
    });
    await expect(openTestServer([], { sockets: [absent('udp'), absent('tcp')] })).rejects.toThrow(
      'The VPC is gone',
    );
    expect(asked).toEqual(['udp']);
  });
});
