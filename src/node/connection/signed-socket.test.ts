import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { systemClock } from '../../clock/index.ts';
import { openSignedSocket } from './signed-socket.ts';

test('a socket whose other side never says goodbye is closed all the same, soon', async () => {
  await using parts = new AsyncDisposableStack();
  const server = parts.adopt(createServer().listen(0, '127.0.0.1'), (it) => {
    it.closeAllConnections();
    it.close();
  });
  await once(server, 'listening');
  const sockets = parts.adopt(new WebSocketServer({ server }), (it) => {
    for (const each of it.clients) each.terminate();
  });
  // As behind a network that is gone: whatever comes is not read.
  sockets.on('connection', (accepted) => accepted.pause());
  const socket = await openSignedSocket(
    new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    {
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
      clock: systemClock(),
      signal: new AbortController().signal,
    },
  );
  const closed = Promise.withResolvers<number>();
  socket.on('close', closed.resolve);
  socket.close(1000);
  expect(await closed.promise).toBe(1006);
});
