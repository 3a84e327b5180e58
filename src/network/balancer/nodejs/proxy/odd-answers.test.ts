import { once } from 'node:events';
import { connect } from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { certificateFor } from '../../testing/certificates.ts';
import { openNodejs } from '../../testing/nodejs-proxy.ts';
import { group, listener, target } from '../../testing/plans.ts';
import { get } from '../../testing/targets.ts';

/** A target that says these bytes, whatever it is asked. */
async function openSaying(words: string) {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (data) => {
      asked.push(data.toString('latin1'));
      socket.end(Buffer.from(words, 'latin1'));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const certificates = new Map([['a', certificateFor('a.example')]]);
  const proxy = await openNodejs(
    {
      listeners: [listener(), listener({ port: 443, protocol: 'HTTPS', certificateArns: ['a'] })],
      targetGroups: [group('one', { targets: [target('127.0.0.1', { port })] })],
    },
    certificates,
  );
  return {
    ...{ proxy, asked },
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function getByHttp2(port: number, headers: Record<string, string | string[]> = {}): Promise<number> {
  const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  const stream = session.request({ ':path': '/', ...headers });
  const [answered] = await once(stream, 'response');
  stream.resume();
  await once(stream, 'end');
  session.destroy();
  return Number(answered[':status']);
}

const rest = 'Content-Length: 2\r\nConnection: close\r\n\r\nok';

it.each([
  ['a status below any', `HTTP/1.1 099 Odd\r\n${rest}`, 502, 502],
  ['a reason of control characters', `HTTP/1.1 200 O\x01K\r\n${rest}`, 502, 200],
  ['a status that HTTP/2 does not have', `HTTP/1.1 999 Denied\r\n${rest}`, 999, 502],
  ['twice what there may be once', `HTTP/1.1 200 OK\r\nETag: "a"\r\nETag: "b"\r\n${rest}`, 200, 502],
])('an answer with %s ends no other one', async (_, words, overHttp1, overHttp2) => {
  await using said = await openSaying(words);
  expect((await get(said.proxy.portOf(80))).status).toBe(overHttp1);
  expect(await getByHttp2(said.proxy.portOf(443))).toBe(overHttp2);
});

it('cookies that HTTP/2 has taken apart reach the target in one field', async () => {
  await using said = await openSaying(`HTTP/1.1 200 OK\r\n${rest}`);
  expect(await getByHttp2(said.proxy.portOf(443), { cookie: ['a=1', 'b=2'] })).toBe(200);
  expect(said.asked.at(-1)).toMatch(/\r\nCookie: a=1; b=2\r\n/);
});
