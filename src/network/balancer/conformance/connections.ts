import { once } from 'node:events';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { ListenerPlan, TargetGroupPlan, TargetPlan } from '../../../balancing/index.ts';
import { certificateFor } from '../testing/certificates.ts';
import { fixed, forwardTo, group, groupArn, listener, rule, target } from '../testing/plans.ts';
import type { OpenProxy } from '../testing/proxy.ts';
import { openTarget } from '../testing/targets.ts';

const layer4 = (changes: Partial<TargetGroupPlan>): TargetGroupPlan => ({
  ...group('one', { protocol: 'TCP', ...changes }),
  healthCheck: { ...group('one').healthCheck, protocol: 'TCP', matcher: [] },
});
const secure = (changes: Partial<ListenerPlan> = {}): ListenerPlan =>
  listener({ port: 443, protocol: 'HTTPS', certificateArns: ['a', 'b'], ...changes });
/** Why a driver refuses what another does. */
export interface Lacks {
  readonly http2Targets?: string;
}

/** What every driver makes of connections. @param why It can't carry any here. */
export function describeConnections(
  name: string,
  open: OpenProxy,
  why: string | undefined,
  lacks: Lacks = {},
): void {
  const certificates = new Map(
    why === undefined
      ? [
          ['a', certificateFor('a.example')],
          ['b', certificateFor('b.example')],
        ]
      : [],
  );
  describe.skipIf(why !== undefined)(`connections through ${name} ${why ?? ''}`, () => {
    it('are secured by the certificate of the name that is asked for', async () => {
      const listeners = [secure({ rules: [rule('default', fixed('hello'))] })];
      await using proxy = await open({ listeners, targetGroups: [] }, certificates);
      const nameFor = async (servername: string): Promise<string | undefined> => {
        const socket = await secured(proxy.portOf(443), { servername });
        const { subject } = socket.getPeerCertificate();
        socket.destroy();
        return subject.CN as string;
      };
      expect(await nameFor('b.example')).toBe('b.example');
      expect(await nameFor('a.example')).toBe('a.example');
      expect(await nameFor('other.example')).toBe('a.example');
    });

    it('have a version that the SSL policy allows', async () => {
      const listeners = [
        secure({ rules: [rule('default', fixed('old'))] }),
        secure({
          port: 444,
          sslPolicy: 'ELBSecurityPolicy-TLS13-1-3-2021-06',
          rules: [rule('default', fixed('new'))],
        }),
      ];
      await using proxy = await open({ listeners, targetGroups: [] }, certificates);
      const versionAt = async (port: number, options: ConnectionOptions): Promise<string | null> => {
        const socket = await secured(proxy.portOf(port), options);
        const version = socket.getProtocol();
        socket.destroy();
        return version;
      };
      expect(await versionAt(443, {})).toBe('TLSv1.2');
      expect(
        await versionAt(443, { maxVersion: 'TLSv1', minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }),
      ).toBe('TLSv1');
      expect(await versionAt(444, {})).toBe('TLSv1.3');
      await expect(versionAt(444, { maxVersion: 'TLSv1.2' })).rejects.toThrow();
    });

    it('carry HTTP/2', async () => {
      await using web = await openTarget((request, response) => request.pipe(response));
      const targetGroups = [group('web', { targets: [web.plan] })];
      const listeners = [secure({ rules: [rule('default', forwardTo('web'))] })];
      await using proxy = await open({ listeners, targetGroups }, certificates);
      using client = openHttp2(proxy.portOf(443));
      expect(await client.ask({ ':path': '/', ':method': 'POST' }, 'web')).toMatchObject({
        status: 200,
        body: 'web',
      });
      const { headers } = web.requests.at(-1) ?? {};
      expect(headers).toMatchObject({
        'x-forwarded-proto': 'https',
        host: expect.stringContaining('127.0.0.1'),
      });
      expect(await client.ask({ ...grpcHeaders, ':path': '/' })).toMatchObject({ status: 464 });
    });

    it.skipIf(lacks.http2Targets)(
      `carry gRPC to groups of it alone ${lacks.http2Targets ?? ''}`,
      async () => {
        const grpc = createHttp2Server();
        grpc.on('stream', (stream, headers) => {
          stream.respond({ ':status': 200, 'x-path': headers[':path'] }, { waitForTrailers: true });
          stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
          stream.end('message');
        });
        await new Promise<void>((resolve) => grpc.listen(0, '127.0.0.1', resolve));
        const { port } = grpc.address() as AddressInfo;
        const targets = [target('127.0.0.1', { port })];
        await using proxy = await open(
          {
            listeners: [secure({ rules: [rule('default', forwardTo('grpc'))] })],
            targetGroups: [group('grpc', { protocolVersion: 'GRPC', targets })],
          },
          certificates,
        );
        using client = openHttp2(proxy.portOf(443));
        expect(await client.ask({ ...grpcHeaders, ':path': '/grpc.Web/Get' })).toMatchObject({
          status: 200,
          body: 'message',
          trailers: { 'grpc-status': '0' },
        });
        expect(await client.ask({ ':path': '/grpc' })).toMatchObject({ status: 464 });
        client[Symbol.dispose]();
        await new Promise((resolve) => grpc.close(resolve));
      },
    );

    it('of network load balancers go to one target each, plain or secured', async () => {
      await using echo = await openEcho('one ');
      await using proxy = await open(
        {
          type: 'network',
          listeners: [
            listener({ port: 80, protocol: 'TCP' }),
            secure({ protocol: 'TLS', alpnPolicy: 'HTTP2Preferred' }),
          ],
          targetGroups: [layer4({ targets: [echo.plan] })],
        },
        certificates,
      );
      const plain = connect(proxy.portOf(80), '127.0.0.1');
      plain.write('hello');
      expect(await read(plain)).toBe('one hello');
      const tls = await secured(proxy.portOf(443), { ALPNProtocols: ['http/1.1', 'h2'] });
      expect(tls.alpnProtocol).toBe('h2');
      tls.write('hello');
      expect(await read(tls)).toBe('one hello');
      plain.destroy();
      tls.destroy();
    });

    it('are divided between target groups by their weights', async () => {
      await using one = await openEcho('one ');
      await using two = await openEcho('two ');
      const targetGroups = [
        layer4({ targets: [one.plan] }),
        { ...layer4({ targets: [two.plan] }), arn: groupArn('two'), id: group('two').id },
      ];
      const seen = async (...weights: readonly number[]): Promise<ReadonlyMap<string, number>> => {
        const action = {
          type: 'forward' as const,
          targetGroups: targetGroups.map(({ arn }, place) => ({ arn, weight: weights[place] ?? 0 })),
        };
        const rules = [rule('default', action)];
        const listeners = [listener({ port: 80, protocol: 'TCP', rules })];
        await using proxy = await open({ type: 'network', listeners, targetGroups });
        const answers = new Map<string, number>();
        for (let count = 0; count < 60; count += 1) {
          const socket = connect(proxy.portOf(80), '127.0.0.1');
          // One that nobody takes is closed.
          socket.on('error', () => {});
          socket.write('x');
          const answer = await read(socket);
          answers.set(answer, (answers.get(answer) ?? 0) + 1);
          socket.destroy();
        }
        return answers;
      };
      expect([...(await seen(100, 0))]).toEqual([['one x', 60]]);
      expect([...(await seen(0, 1))]).toEqual([['two x', 60]]);
      const divided = await seen(3, 1);
      // As rare as one in ten thousand billion, if it is not so.
      expect(divided.get('two x')).toBeGreaterThan(0);
      expect(divided.get('one x')).toBeGreaterThan(divided.get('two x') ?? 0);
    });

    it('tell targets of their clients by the proxy protocol', async () => {
      await using echo = await openEcho('');
      await using proxy = await open({
        type: 'network',
        listeners: [listener({ port: 80, protocol: 'TCP' })],
        targetGroups: [layer4({ proxyProtocolV2: true, targets: [echo.plan] })],
      });
      const socket = connect(proxy.portOf(80), '127.0.0.1');
      const [header] = (await once(socket, 'data')) as [Buffer];
      expect(header.subarray(0, 12)).toEqual(Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'));
      expect([...header.subarray(16, 20)]).toEqual([127, 0, 0, 1]);
      expect(header.readUInt16BE(24)).toBe((socket.address() as AddressInfo).port);
      socket.destroy();
    });

    it('of one client stay with a target where that is asked for', async () => {
      await using one = await openEcho('one ');
      await using two = await openEcho('two ');
      const targets = [one.plan, two.plan];
      const seen = async (stickiness: TargetGroupPlan['stickiness']): Promise<number> => {
        await using proxy = await open({
          type: 'network',
          listeners: [listener({ port: 80, protocol: 'TCP' })],
          targetGroups: [layer4({ stickiness, targets })],
        });
        const answers = new Set<string>();
        for (let count = 0; count < 6; count += 1) {
          const socket = connect(proxy.portOf(80), '127.0.0.1');
          socket.write('x');
          answers.add(await read(socket));
          socket.destroy();
        }
        return answers.size;
      };
      expect(await seen({ type: 'none' })).toBe(2);
      expect(await seen({ type: 'source_ip' })).toBe(1);
    });
  });
}

const grpcHeaders = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };

/** A client of HTTP/2. */
function openHttp2(port: number) {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  return {
    ask: async (headers: Record<string, string>, sent?: string) => {
      const stream = session.request(headers, { endStream: sent === undefined });
      if (sent !== undefined) stream.end(sent);
      let trailers: Record<string, unknown> = {};
      stream.on('trailers', (all) => {
        trailers = all;
      });
      const [response] = await once(stream, 'response');
      let body = '';
      for await (const chunk of stream) body += chunk;
      return { status: response[':status'], body, trailers };
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}

/** A target that says a word and what it hears. */
async function openEcho(word: string): Promise<AsyncDisposable & { readonly plan: TargetPlan }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => socket.write(Buffer.concat([Buffer.from(word), data])));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    plan: target('127.0.0.1', { port }),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function secured(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

async function read(socket: Socket): Promise<string> {
  const [data] = await once(socket, 'data');
  return String(data);
}
