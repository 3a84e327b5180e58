import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock, VirtualClock } from '../../../clock/index.ts';
import { createServer } from '../../../http.ts';
import { RuntimeError } from '../../../runtime/index.ts';
import type { PodDialer } from '../kubelet-options.ts';
import { directDialer } from './direct-dialer.ts';
import { type Handler, handlerOf } from './handler.ts';
import { handlerRunner } from './run-probe.ts';

/** Where no other test listens. */
const ownHost = '127.0.83.3';
const servers: (Server | Http2Server)[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});
async function listening(server: Server | Http2Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, ownHost, resolve));
  return (server.address() as AddressInfo).port;
}

/** Where nobody is but by the dialer. */
const address = '192.0.2.1';
const dialer: PodDialer = {
  connect: (asked, until) => directDialer.connect({ ...asked, address: ownHost }, until),
};
const { signal } = new AbortController();
const target = { containerName: 'c', podUid: 'u' };
const run = (
  handler: Handler,
  exec?: () => Promise<{ exitCode: number; output: string; hasNotStarted?: true }>,
  timeoutMs = 60_000,
  clock: Clock = systemClock(),
) =>
  handlerRunner({
    runtime: { exec: exec ?? (() => expect.fail()) },
    ...{ dialer, clock, version: '1.35' },
  })(handler, target, { timeoutMs, signal });
const http = (port: number, path = '/', headers: { name: string; value: string }[] = []): Handler => ({
  ...{ type: 'http', scheme: 'http', address, port, path, headers },
});
const closedPort = async (): Promise<number> => {
  const server = createTcpServer();
  const port = await listening(server);
  await new Promise((resolve) => servers.splice(servers.indexOf(server), 1)[0]?.close(resolve));
  return port;
};

describe('an HTTP probe', () => {
  it('asks as a kubelet, and takes 200 to 399 for success', async () => {
    const seen: unknown[] = [];
    const port = await listening(
      createServer(({ url, headers: { 'user-agent': agent, accept, host, 'x-own': own } }, response) => {
        seen.push({ url, agent, accept, host, own });
        response.writeHead(url === '/bad' ? 503 : 204).end();
      }) as Server,
    );
    expect(await run(http(port, '/ok?a=b', [{ name: 'X-Own', value: 'yes' }]))).toEqual({
      ...{ isSuccess: true, message: '' },
    });
    expect(seen).toEqual([
      { url: '/ok?a=b', agent: 'kube-probe/1.35', accept: '*/*', host: `${address}:${port}`, own: 'yes' },
    ]);
    expect(await run(http(port, '/bad'))).toEqual({
      ...{ isSuccess: false, message: 'HTTP probe failed with statuscode: 503' },
    });
  });

  it('follows to the same host, and warns of another', async () => {
    const port = await listening(
      createServer(({ url }, response) => {
        const location = { '/here': '/end', '/there': 'http://example.com/' }[url ?? ''];
        response.writeHead(location ? 302 : 500, location ? { location } : {}).end('moved');
      }) as Server,
    );
    expect((await run(http(port, '/here'))).message).toBe('HTTP probe failed with statuscode: 500');
    expect(await run(http(port, '/there'))).toEqual({
      ...{ isSuccess: true, message: 'Probe terminated redirects, Response body: moved' },
    });
  });

  it("says what hinders it in Go's words", async () => {
    const port = await closedPort();
    expect((await run(http(port))).message).toBe(
      `Get "http://${address}:${port}/": dial tcp ${address}:${port}: connect: connection refused`,
    );
    const silent = await listening(createServer(() => {}) as Server);
    const { message } = await run(http(silent), undefined, 50);
    expect(message).toBe(
      `Get "http://${address}:${silent}/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    );
  });
});

describe('a TCP probe', () => {
  it('succeeds with a connection', async () => {
    const port = await listening(createTcpServer((socket) => socket.end()));
    expect((await run({ type: 'tcp', address, port })).isSuccess).toBe(true);
    const closed = await closedPort();
    expect(await run({ type: 'tcp', address, port: closed })).toEqual({
      ...{ isSuccess: false, message: `dial tcp ${address}:${closed}: connect: connection refused` },
    });
  });
});

describe('a gRPC probe', () => {
  /** @param answers By service: a status, or what gRPC says instead. */
  const health = (answers: Readonly<Record<string, number | { code: string; message?: string }>>) => {
    const server = createHttp2Server();
    server.on('stream', (stream, headers) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const name = Buffer.concat(chunks).subarray(7).toString();
        const answer = answers[name] ?? { code: '5', message: 'unknown service' };
        const { code, message } = typeof answer === 'number' ? { code: '0', message: undefined } : answer;
        if (headers[':path'] !== '/grpc.health.v1.Health/Check')
          return stream.respond({ ':status': 404 }, { endStream: true });
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () =>
          stream.sendTrailers({ 'grpc-status': code, ...(message && { 'grpc-message': message }) }),
        );
        stream.end(typeof answer === 'number' ? Buffer.from([0, 0, 0, 0, 2, 8, answer]) : undefined);
      });
    });
    return listening(server);
  };
  const ask = (port: number, service = '', timeoutMs = 60_000, clock?: Clock) =>
    run({ type: 'grpc', address, port, service }, undefined, timeoutMs, clock);
  const nobody = (port: number, within: string): string =>
    `timeout: failed to connect service "${address}:${port}" within ${within}: context deadline exceeded`;

  it('asks for the health of its service', async () => {
    const port = await health({ mine: 1, other: 2, gone: 3, newer: 9 });
    expect(await ask(port, 'mine')).toEqual({ isSuccess: true, message: '' });
    for (const [service, said] of [
      ['other', 'NOT_SERVING'],
      ['gone', 'SERVICE_UNKNOWN'],
      ['newer', '9'],
    ] as const)
      expect(await ask(port, service)).toEqual({
        ...{ isSuccess: false, message: `service unhealthy (responded with "${said}")` },
      });
  });

  it('names what the server says instead as Go does', async () => {
    const port = await health({ '': { code: '16', message: '50%25 of caf%C3%A9' }, odd: { code: '99' } });
    const failed = 'error: health rpc probe failed: rpc error: code =';
    expect((await ask(port, 'none')).message).toBe(`${failed} NotFound desc = unknown service`);
    expect((await ask(port)).message).toBe(`${failed} Unauthenticated desc = 50% of café`);
    expect((await ask(port, 'odd')).message).toBe(`${failed} Code(99) desc = `);
  });

  it('says that a server does not know of health', async () => {
    const unimplemented =
      'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ';
    const message = 'unknown service grpc.health.v1.Health';
    expect((await ask(await health({ '': { code: '12', message } }))).message).toBe(unimplemented + message);
    const web = createHttp2Server((_, response) => response.writeHead(404).end());
    expect((await ask(await listening(web))).message).toBe(
      `${unimplemented}unexpected HTTP status code received from server: 404; transport: received unexpected content-type ""`,
    );
  });

  it('tries for all of its time to connect, also where something else listens', async () => {
    const port = await closedPort();
    expect((await ask(port, '', 1_000)).message).toBe(nobody(port, '1s'));
    const open: Socket[] = [];
    const silent = await listening(createTcpServer((socket) => void open.push(socket)));
    expect((await ask(silent, '', 1_000)).message).toBe(nobody(silent, '1s'));
    for (const socket of open) socket.destroy();
    const late = ask(port);
    const server = createHttp2Server();
    server.on('stream', (stream) => {
      stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.from([0, 0, 0, 0, 2, 8, 1]));
    });
    servers.push(server);
    server.listen(port, ownHost);
    expect(await late).toEqual({ isSuccess: true, message: '' });
  });

  it('says that no answer came in time, or none at all', async () => {
    const clock = new VirtualClock(0);
    const asked = Promise.withResolvers<void>();
    const silent = await listening(createHttp2Server(() => asked.resolve()));
    const asking = ask(silent, '', 1_000, clock);
    await asked.promise;
    await clock.advance(1_000);
    expect((await asking).message).toBe('timeout: health rpc did not complete within 1s');
    const rude = createHttp2Server();
    rude.on('stream', (stream) => stream.session?.destroy());
    expect((await ask(await listening(rude))).message).toMatch(
      /^error: health rpc probe failed: rpc error: code = Unavailable desc = /,
    );
  });
});

describe('an exec probe', () => {
  const exec: Handler = { type: 'exec', command: ['check'] };
  it('succeeds with exit code 0, and says what the command said', async () => {
    expect((await run(exec, async () => ({ exitCode: 0, output: 'fine' }))).message).toBe('');
    expect(await run(exec, async () => ({ exitCode: 1, output: 'no' }))).toEqual({
      ...{ isSuccess: false, message: 'no' },
    });
  });

  it('is unknown where there is no such command, or nobody to run it', async () => {
    const output = 'OCI runtime exec failed: "check": executable file not found in $PATH: unknown\r\n';
    expect(await run(exec, async () => ({ exitCode: 127, output, hasNotStarted: true }))).toEqual({
      ...{ isSuccess: false, isUnknown: true },
      message: `rpc error: code = Unknown desc = failed to exec in container: ${output.trim()}`,
    });
    expect(await run(exec, async () => ({ exitCode: 127, output: 'sh: no: not found' }))).toEqual({
      ...{ isSuccess: false, message: 'sh: no: not found' },
    });
    const gone = async (): Promise<never> => {
      throw new RuntimeError('CannotExecContainer', 'it', 'container c is not running');
    };
    expect(await run(exec, gone)).toEqual({
      ...{ isSuccess: false, isUnknown: true, message: 'container c is not running' },
    });
  });

  it('fails when the command takes too long', async () => {
    const slow = async (): Promise<never> => {
      throw new RuntimeError('CannotExecContainer', 'it', 'it did not end within 1000 ms');
    };
    expect((await run(exec, slow, 1_000)).message).toBe('command timed out: "check" timed out after 1s');
  });
});

describe('handlerOf', () => {
  it('finds ports by their names', () => {
    const ports = [{ name: 'web', containerPort: 8080 }];
    expect(handlerOf({ tcpSocket: { port: 'web' } }, ports, '10.0.0.1')).toEqual({
      ...{ type: 'tcp', address: '10.0.0.1', port: 8080 },
    });
    expect(() => handlerOf({ tcpSocket: { port: 'none' } }, ports, '10.0.0.1')).toThrow(
      "couldn't find port: none",
    );
  });

  it('asks another host where one is named, and the root where no path is', () => {
    expect(handlerOf({ httpGet: { port: 80, host: '10.9.9.9' } }, [], '10.0.0.1')).toMatchObject({
      ...{ address: '10.9.9.9', path: '/', scheme: 'http' },
    });
  });
});
