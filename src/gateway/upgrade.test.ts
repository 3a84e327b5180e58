import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { SignedUpgrade, TokenUpgrade } from '../services/service.ts';
import { httpRequest, signerOf } from './testing/signing.ts';
import { accountId, openTestGateway, type TestGateway } from './testing/test-gateway.ts';

describe('WebSocket upgrades', () => {
  const upgrade = (gateway: TestGateway, path: string, headers: Record<string, string>): Promise<string> =>
    new Promise((resolve, reject) => {
      let received = '';
      const lines = Object.entries({ ...headers, connection: 'upgrade', upgrade: 'websocket' });
      const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      const socket = connect(gateway.port, '127.0.0.1', () =>
        socket.write(`GET ${path} HTTP/1.1\r\n${head}\r\n`),
      );
      socket.on('data', (chunk) => {
        received += chunk.toString();
      });
      socket.on('close', () => resolve(received));
      socket.on('error', reject);
    });
  const signedHeaders = async (
    gateway: TestGateway,
    path: string,
    service = 'ecs',
  ): Promise<Record<string, string>> => {
    const [pathname = '', query = ''] = path.split('?');
    const request = {
      method: 'GET',
      path: pathname,
      query: Object.fromEntries(new URLSearchParams(query)),
      headers: { host: `127.0.0.1:${gateway.port}` },
      body: '',
    };
    return (await signerOf(service).sign(httpRequest(request))).headers;
  };
  const upgrades = [
    {
      path: '/ws',
      action: 'ecs:Poll',
      accept: (request, socket, _head, call) => {
        socket.end(
          `HTTP/1.1 101 Switching Protocols\r\n\r\n${request.url} ${call.principal.arn} ${call.region}`,
        );
      },
    },
    { path: '/forbidden', action: 'ecs:Forbidden', accept: (_request, socket) => socket.destroy() },
    {
      path: '/open',
      action: 'ecs:Poll',
      accept: (_request, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
    },
  ] as const satisfies readonly SignedUpgrade[];

  it('reach the service when signed and allowed', async () => {
    await using gateway = await openTestGateway({ upgrades });
    const path = '/ws?cluster=default&seqNum=1';
    const text = await upgrade(gateway, path, await signedHeaders(gateway, path));
    expect(text).toContain('101 Switching Protocols');
    expect(text).toContain(`${path} arn:aws:iam::${accountId}:root us-east-1`);
  });

  it('are refused with an HTTP answer otherwise', async () => {
    await using gateway = await openTestGateway({ upgrades });
    const host = { host: `127.0.0.1:${gateway.port}` };
    expect(await upgrade(gateway, '/ws', host)).toMatch(
      /^HTTP\/1.1 403 Forbidden[\s\S]*"__type":"MissingAuthenticationTokenException"/,
    );
    expect(await upgrade(gateway, '/forbidden', await signedHeaders(gateway, '/forbidden'))).toMatch(
      /^HTTP\/1.1 403 [\s\S]*"__type":"AccessDeniedException"/,
    );
    expect(await upgrade(gateway, '/ws', await signedHeaders(gateway, '/ws', 'sts'))).toMatch(
      /^HTTP\/1.1 400 [\s\S]*"__type":"InvalidSignatureException"/,
    );
    expect(await upgrade(gateway, '/nowhere', host)).toMatch(/^HTTP\/1.1 404 Not Found/);
    expect(gateway.logged).toEqual([]);
  });

  it('may be refused by the service to somebody who has hung up', async () => {
    const { promise: ended, resolve: onEnded } = Promise.withResolvers<string>();
    const late = {
      path: '/late',
      action: 'ecs:Poll',
      accept: (_request, socket) => {
        // The peer resets on the first word; then the socket's error is nobody's but the gateway's.
        socket.on('close', () => onEnded('closed'));
        socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
      },
    } as const satisfies SignedUpgrade;
    await using gateway = await openTestGateway({ upgrades: [late] });
    const head = Object.entries({
      ...(await signedHeaders(gateway, '/late')),
      connection: 'upgrade',
      upgrade: 'websocket',
    });
    const socket = connect(gateway.port, '127.0.0.1', () =>
      socket.write(
        `GET /late HTTP/1.1\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
      ),
    );
    socket.on('data', () => socket.resetAndDestroy());
    expect(await ended).toBe('closed');
  });

  it('are left to a token where the path says so, with the values of its labels', async () => {
    const open = {
      path: '/v1/data-channel/{id}',
      isOpen: true,
      accept: (_request, socket, _head, _signal, labels) => {
        socket.end(`HTTP/1.1 101 Switching Protocols\r\n\r\n${labels.get('id')}`);
      },
    } as const satisfies TokenUpgrade;
    await using gateway = await openTestGateway({
      upgradeTargets: [{ signingName: 'ssmmessages', upgrade: open }],
    });
    const answer = await upgrade(gateway, '/v1/data-channel/one%20two', { host: 'localhost' });
    expect(answer).toMatch(/^HTTP\/1.1 101 [\s\S]*one two$/);
  });

  it('end when the gateway closes', async () => {
    await using gateway = await openTestGateway({ upgrades });
    const opened = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const headers = Object.entries({
      ...(await signedHeaders(gateway, '/open')),
      connection: 'upgrade',
      upgrade: 'websocket',
    });
    const socket = connect(gateway.port, '127.0.0.1', () =>
      socket.write(
        `GET /open HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
      ),
    );
    socket.on('data', () => opened.resolve());
    socket.on('close', () => ended.resolve());
    await opened.promise;
    await gateway.gateway.close();
    await ended.promise;
  });
});
