import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Route } from './route.ts';
import { isFromThisMachine } from './same-machine.ts';
import { send, sendSigned } from './testing/sending.ts';
import { openTestGateway } from './testing/test-gateway.ts';

it.each([
  ['127.0.0.1', { host: '127.0.0.1:4566' }, true],
  ['::ffff:127.0.0.1', { host: 'localhost' }, true],
  ['::1', { host: '[::1]:4566' }, true],
  ['192.168.1.9', { host: 'localhost:4566' }, false],
  ['::ffff:10.0.0.1', { host: '127.0.0.1' }, false],
  ['fe80::1', { host: '[::1]' }, false],
  ['127.0.0.1', { host: 'rebound.example.com:4566' }, false],
  ['127.0.0.1', { host: '127.0.0.1.example.com' }, false],
  ['127.0.0.1', {}, false],
  ['127.0.0.1', { host: 'localhost', 'x-forwarded-for': '192.168.1.9' }, false],
  ['127.0.0.1', { host: 'localhost', forwarded: 'for=192.168.1.9' }, false],
  ['127.0.0.1', { host: 'localhost', via: '1.1 proxy' }, false],
])('from %s with %j: %s', (remoteAddress, headers, isLocal) => {
  const request = { socket: { remoteAddress }, headers } as Pick<IncomingMessage, 'socket' | 'headers'>;
  expect(isFromThisMachine(request)).toBe(isLocal);
});

describe('a route that is open to this machine', () => {
  const route = {
    isSigned: true,
    method: 'GET',
    path: '/figures',
    action: 'catamaran:GetFigures',
    handle: (_request, call) => ({ status: 200, contentType: 'text/plain', text: call.principal.arn }),
    handleLocal: () => ({ status: 200, contentType: 'text/plain; version=1', text: 'local\n' }),
  } as const satisfies Route;

  it('answers text to who has not signed there, and who has signed as themselves', async () => {
    await using gateway = await openTestGateway({ routes: [route] });
    const ask = { method: 'GET', path: '/figures' } as const;
    const local = await send(gateway, ask);
    expect([local.status, local.headers['content-type'], local.text]).toEqual([
      200,
      'text/plain; version=1',
      'local\n',
    ]);
    const signed = await sendSigned(gateway, { service: 'catamaran', ...ask });
    expect([signed.status, signed.text]).toEqual([200, expect.stringContaining(':root')]);
  });

  it.each([
    ['a name of somewhere else', { host: 'rebound.example.com' }],
    ['the mark of a proxy', { 'x-forwarded-for': '192.168.1.9' }],
    ['a signature that is none', { authorization: 'AWS4-HMAC-SHA256 Credential=A' }],
  ])('refuses %s', async (_what, headers) => {
    await using gateway = await openTestGateway({ routes: [route] });
    const answer = await send(gateway, { method: 'GET', path: '/figures', headers });
    expect([answer.status, answer.text]).toEqual([403, expect.not.stringContaining('local')]);
  });
});
