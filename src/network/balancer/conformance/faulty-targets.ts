import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { LoadBalancerAttributes, TargetPlan } from '../../../balancing/index.ts';
import { balancer, group, target } from '../testing/plans.ts';
import type { OpenProxy } from '../testing/proxy.ts';
import { get, openTarget } from '../testing/targets.ts';

/** What every driver makes of targets that are not well. @param why It can't carry any here. */
export function describeFaultyTargets(name: string, open: OpenProxy, why: string | undefined): void {
  const through = (targets: readonly TargetPlan[], idleTimeout = 60) => {
    const attributes: LoadBalancerAttributes = { ...balancer().attributes, idleTimeout };
    return open({ attributes, targetGroups: [group('one', { targets })] });
  };

  describe.skipIf(why !== undefined)(`faulty targets behind ${name} ${why ?? ''}`, () => {
    it.each<[string, number, (socket: Socket) => void]>([
      ['close without an answer', 502, (socket) => socket.end()],
      ['reset the connection', 502, (socket) => socket.resetAndDestroy()],
      ['say what is not HTTP', 502, (socket) => socket.end('220 mail.example ESMTP\r\n')],
      ['close within the headers', 502, (socket) => socket.end('HTTP/1.1 200 OK\r\nX-A: b')],
      ['have larger headers than any', 502, (socket) => socket.end(hugeHeaders)],
      ['take the request and say nothing', 504, () => {}],
    ])('that %s: %i', async (_, status, behave) => {
      await using faulty = await openRaw(behave);
      await using proxy = await through([faulty.plan], status === 504 ? 2 : 60);
      expect(await get(proxy.portOf(80))).toMatchObject({ status, headers: { server: 'awselb/2.0' } });
    });

    it('that end within a body never look like whole answers', async () => {
      await using faulty = await openRaw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf');
        socket.once('drain', () => socket.resetAndDestroy());
        setImmediate(() => socket.destroy());
      });
      await using chunked = await openRaw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
        setImmediate(() => socket.destroy());
      });
      for (const { plan } of [faulty, chunked]) {
        await using proxy = await through([plan]);
        await expect(get(proxy.portOf(80))).rejects.toThrow(/aborted|hang up|reset/i);
      }
    });

    it('that answer before they have read all get through, with the rest unread', async () => {
      await using early = await openRaw((socket) =>
        socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno'),
      );
      await using proxy = await through([early.plan]);
      const client = connect(proxy.portOf(80), '127.0.0.1');
      client.on('error', () => {});
      client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nsome');
      const [answer] = (await once(client, 'data')) as [Buffer];
      expect(String(answer)).toMatch(/^HTTP\/1.1 413 /);
      client.destroy();
    });

    it('that answer slowly are waited for as long as something comes', async () => {
      await using slow = await openTarget(async (_, response) => {
        for (const word of ['a', 'b', 'c', 'd']) {
          response.write(word);
          await new Promise((resolve) => setTimeout(resolve, 400));
        }
        response.end();
      });
      await using proxy = await through([slow.plan], 1);
      // A machine that stands still for a second is slower than that.
      await vi.waitFor(async () =>
        expect(await get(proxy.portOf(80))).toMatchObject({ status: 200, body: 'abcd' }),
      );
    });

    it('of which one is well get all requests there', async () => {
      await using well = await openTarget((_, response) => response.end('well'));
      await using proxy = await through([well.plan, target('127.0.0.1', { port: 1 })]);
      // Its checks say so after a while; until then a request may come to the one that refuses.
      await vi.waitFor(async () => {
        for (let inRow = 0; inRow < 6; inRow += 1) expect((await get(proxy.portOf(80))).status).toBe(200);
      });
    });

    it('are 503 when there is none at all', async () => {
      await using proxy = await through([]);
      expect(await get(proxy.portOf(80))).toMatchObject({ status: 503, headers: { server: 'awselb/2.0' } });
    });
  });
}

const hugeHeaders = `HTTP/1.1 200 OK\r\n${Array.from(
  { length: 200 },
  (_, index) => `X-${index}: ${'a'.repeat(1_000)}\r\n`,
).join('')}\r\n`;

/** A target that does something once it was asked; its checks are answered. */
async function openRaw(
  behave: (socket: Socket) => void,
): Promise<AsyncDisposable & { readonly plan: TargetPlan }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', (data) => {
      if (String(data).includes('ELB-HealthChecker')) {
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      } else behave(socket);
    });
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
