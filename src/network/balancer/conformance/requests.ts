import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { LoadBalancerAttributes } from '../../../balancing/index.ts';
import { balancer, fixed, forwardTo, group, groupArn, listener, rule, target } from '../testing/plans.ts';
import type { OpenProxy } from '../testing/proxy.ts';
import { get, openTarget, type TestTarget } from '../testing/targets.ts';

const attributes = (changes: Partial<LoadBalancerAttributes>): LoadBalancerAttributes => ({
  ...balancer().attributes,
  ...changes,
});
const said = (word: string): Promise<TestTarget> => openTarget((_, response) => response.end(word));
const cookiesOf = (headers: IncomingHttpHeaders): string[] =>
  (headers['set-cookie'] ?? []).map((cookie) => cookie.split(';')[0] ?? '');

/** What every driver makes of requests. @param why It can't carry any here. */
export function describeRequests(name: string, open: OpenProxy, why: string | undefined): void {
  describe.skipIf(why !== undefined)(`requests through ${name} ${why ?? ''}`, () => {
    it('come to targets with what the load balancer adds, and without what is not theirs', async () => {
      await using web = await said('hello');
      await using proxy = await open({ targetGroups: [group('one', { targets: [web.plan] })] });
      const port = proxy.portOf(80);
      const answer = await get(port, '/a?b=c', [
        ['Keep-Alive', 'timeout=5'],
        ['Proxy-Authorization', 'Basic eA=='],
        ['TE', 'gzip'],
        ['X_Odd', 'kept'],
      ]);
      expect(answer).toMatchObject({ status: 200, body: 'hello' });
      expect(answer.headers.server).toBeUndefined();
      const [{ headers, url } = { headers: {} }] = web.requests;
      expect(url).toBe('/a?b=c');
      expect(headers).toMatchObject({
        host: `web.example:${port}`,
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
        'x-forwarded-port': String(port),
        'x-amzn-trace-id': expect.stringMatching(/^Root=1-[\da-f]{8}-[\da-f]{24}$/),
        x_odd: 'kept',
      });
      for (const name of ['keep-alive', 'proxy-authorization', 'te'])
        expect(headers).not.toHaveProperty(name);
    });

    it('have answers with the headers of their listener in place of their own, whoever answers', async () => {
      await using web = await openTarget((_, response) => {
        response.setHeader('Server', 'web');
        response.setHeader('X-Frame-Options', 'DENY');
        response.end('hello');
      });
      const value = `default-src 'self' "q" 100% \\ #{x} %[src]`;
      const answerHeaders = [
        { name: 'Server' },
        { name: 'X-Frame-Options', value: 'SAMEORIGIN' },
        { name: 'Content-Security-Policy', value },
      ];
      const isFixed = { field: 'path-pattern' as const, patterns: ['/fixed'] };
      await using proxy = await open({
        targetGroups: [group('one', { targets: [web.plan] })],
        listeners: [
          listener({
            answerHeaders,
            rules: [rule(1, fixed('here'), [isFixed]), rule('default', forwardTo('one'))],
          }),
        ],
      });
      for (const [path, body] of [
        ['/', 'hello'],
        ['/fixed', 'here'],
      ] as const) {
        const answer = await get(proxy.portOf(80), path);
        expect(answer).toMatchObject({ status: 200, body });
        expect(answer.headers).toMatchObject({
          ...{ 'x-frame-options': 'SAMEORIGIN', 'content-security-policy': value },
        });
        expect(answer.headers).not.toHaveProperty('server');
      }
    });

    it('have their X-Forwarded-For as its mode says', async () => {
      await using web = await said('');
      const sent = async (
        mode: LoadBalancerAttributes['xffHeaderProcessing'],
        xffClientPort = false,
        ...values: readonly string[]
      ): Promise<unknown> => {
        await using proxy = await open({
          targetGroups: [group('one', { targets: [web.plan] })],
          attributes: attributes({ xffHeaderProcessing: mode, xffClientPort }),
        });
        await get(
          proxy.portOf(80),
          '/',
          values.map((value) => ['X-Forwarded-For', value] as const),
        );
        return web.requests.at(-1)?.headers['x-forwarded-for'];
      };
      expect(await sent('append', false, '1.1.1.1, 2.2.2.2')).toBe('1.1.1.1, 2.2.2.2, 127.0.0.1');
      expect(await sent('append', false, '1.1.1.1', '2.2.2.2')).toBe('1.1.1.1, 2.2.2.2, 127.0.0.1');
      expect(await sent('append', true)).toMatch(/^127\.0\.0\.1:\d+$/);
      expect(await sent('preserve', false, '1.1.1.1')).toBe('1.1.1.1');
      expect(await sent('remove', false, '1.1.1.1')).toBeUndefined();
    });

    it('have their trace continued', async () => {
      await using web = await said('');
      await using proxy = await open({ targetGroups: [group('one', { targets: [web.plan] })] });
      const sent = async (value: string): Promise<unknown> => {
        await get(proxy.portOf(80), '/', [['X-Amzn-Trace-Id', value]]);
        return web.requests.at(-1)?.headers['x-amzn-trace-id'];
      };
      const id = '1-[\\da-f]{8}-[\\da-f]{24}';
      const root = 'Root=1-67891233-abcdef012345678912345678';
      expect(await sent(root)).toMatch(new RegExp(`^Self=${id};${root}$`));
      expect(await sent(`Self=1-1-1;${root};a=b`)).toMatch(new RegExp(`^Self=${id};${root};a=b$`));
      expect(await sent(`${root};Self=1-1-1`)).toMatch(new RegExp(`^Self=${id};${root};?$`));
      expect(await sent('a=b')).toMatch(new RegExp(`^Root=${id};a=b$`));
      expect(await sent(`a=${'b'.repeat(8_000)}`)).toMatch(new RegExp(`^Root=${id}$`));
    });

    it('keep their Host header where that is asked for', async () => {
      await using web = await said('');
      const plan = { targetGroups: [group('one', { targets: [web.plan] })] };
      await using proxy = await open(plan);
      await get(proxy.portOf(80), '/', [['Host', 'web.example:1234']]);
      expect(web.requests.at(-1)?.headers.host).toBe('web.example:1234');
      await using preserving = await open({ ...plan, attributes: attributes({ preserveHostHeader: true }) });
      await get(preserving.portOf(80));
      expect(web.requests.at(-1)?.headers.host).toBe('web.example');
    });

    it('lose headers of invalid names where that is asked for', async () => {
      await using web = await said('');
      await using proxy = await open({
        targetGroups: [group('one', { targets: [web.plan] })],
        attributes: attributes({ dropInvalidHeaderFields: true }),
      });
      await get(proxy.portOf(80), '/', [
        ['x_odd', '1'],
        ['x-even', '2'],
      ]);
      const { headers } = web.requests.at(-1) ?? {};
      expect(headers).toMatchObject({ 'x-even': '2' });
      expect(headers).not.toHaveProperty('x_odd');
    });

    it('are answered by the load balancer itself with its own words', async () => {
      await using broken = await openTarget((_, response) => response.destroy());
      await using silent = await openTarget(() => {});
      const path = (name: string) => [{ field: 'path-pattern' as const, patterns: [`/${name}`] }];
      const plan = {
        listeners: [
          listener({
            rules: [
              rule(1, forwardTo('refusing'), path('refusing')),
              rule(2, forwardTo('broken'), path('broken')),
              rule(3, forwardTo('silent'), path('silent')),
              rule(
                5,
                { type: 'forward', targetGroups: [{ arn: groupArn('broken'), weight: 0 }] },
                path('none'),
              ),
              rule(6, fixed('', 204), path('fixed')),
              rule('default', forwardTo('empty')),
            ],
          }),
        ],
        targetGroups: [
          group('empty'),
          group('refusing', { targets: [target('127.0.0.1', { port: 1 })] }),
          group('broken', { targets: [broken.plan] }),
          group('silent', { targets: [silent.plan] }),
        ],
      };
      await using proxy = await open(plan);
      await using hasty = await open({ ...plan, attributes: attributes({ idleTimeout: 2 }) });
      const port = proxy.portOf(80);
      const many = Array.from({ length: 31 }, (_, index) => `10.0.0.${index}`).join(', ');
      const asked = {
        405: get(port, '/', [], 'TRACE'),
        414: get(port, `/${'a'.repeat(17_000)}`),
        463: get(port, '/', [['X-Forwarded-For', many]]),
        464: get(port, '/silent', [['Content-Type', 'application/grpc']]),
        502: get(port, '/refusing'),
        503: get(port, '/'),
        504: get(hasty.portOf(80), '/silent'),
      };
      for (const [status, answer] of Object.entries(asked)) {
        const { headers, body, ...rest } = await answer;
        expect(rest).toEqual({ status: Number(status) });
        expect(headers).toMatchObject({ server: 'awselb/2.0', 'content-type': 'text/html' });
        expect(body).toMatch(new RegExp(`^<html><head><title>${status}[ \\w-]*</title>.*<h1>${status}`));
      }
      expect(await get(port, '/broken')).toMatchObject({ status: 502, headers: { server: 'awselb/2.0' } });
      expect(await get(port, '/none')).toMatchObject({ status: 503, headers: { server: 'awselb/2.0' } });
      expect(await get(port, '/fixed')).toMatchObject({ status: 204, headers: { server: 'awselb/2.0' } });
      expect(await raw(port, 'GET / HTTP/1.1\r\nHost: a\r\nx y: z\r\n\r\n')).toMatch(
        /^HTTP\/1.1 400 Bad request\r\n/i,
      );
      expect(await raw(hasty.portOf(80), 'GET / HTTP/1.1\r\nHost: a')).toMatch(
        /^HTTP\/1.1 408 Request Time-out\r\n/,
      );
    });

    it('go to groups by their weights, and stay with one where that is asked for', async () => {
      await using blue = await said('blue');
      await using green = await said('green');
      await using proxy = await open({
        listeners: [
          listener({
            rules: [
              rule('default', {
                type: 'forward',
                targetGroups: [
                  { arn: groupArn('blue'), weight: 1 },
                  { arn: groupArn('green'), weight: 3 },
                ],
                stickinessDuration: 60,
              }),
            ],
          }),
        ],
        targetGroups: [group('blue', { targets: [blue.plan] }), group('green', { targets: [green.plan] })],
      });
      const port = proxy.portOf(80);
      const answers = await Promise.all(Array.from({ length: 200 }, () => get(port)));
      const shareOfBlue = answers.filter(({ body }) => body === 'blue').length;
      expect(shareOfBlue).toBeGreaterThan(20);
      expect(shareOfBlue).toBeLessThan(90);
      const one = answers.find(({ body }) => body === 'blue');
      const [cookie = '', copy = ''] = cookiesOf(one?.headers ?? {});
      expect(cookie).toMatch(/^AWSALBTG=[\da-f]{32}\.\d+$/);
      expect(copy).toBe(cookie.replace('AWSALBTG', 'AWSALBTGCORS'));
      for (let count = 0; count < 10; count += 1) {
        expect((await get(port, '/', [['Cookie', cookie]])).body).toBe('blue');
      }
      const late = cookie.replace(/\d+$/, '1000');
      const others = await Promise.all(Array.from({ length: 40 }, () => get(port, '/', [['Cookie', late]])));
      expect(others.some(({ body }) => body === 'green')).toBe(true);
    });

    it('stay with a target by the load balancer’s cookie, or by the application’s', async () => {
      await using one = await openTarget((_, response) =>
        response.setHeader('Set-Cookie', 'app=x').end('one'),
      );
      await using two = await openTarget((_, response) =>
        response.setHeader('Set-Cookie', 'app=y').end('two'),
      );
      const targets = [one.plan, two.plan];
      for (const [type, name] of [
        ['lb_cookie', 'AWSALB'],
        ['app_cookie', 'AWSALBAPP-0'],
      ] as const) {
        const stickiness = { type, cookieName: 'app', duration: 60 };
        await using proxy = await open({ targetGroups: [group('one', { targets, stickiness })] });
        const first = await get(proxy.portOf(80));
        const cookie = cookiesOf(first.headers).find((each) => each.startsWith(`${name}=`)) ?? '';
        expect(cookie).toMatch(new RegExp(`^${name}=[\\da-f]{32}\\.\\d+$`));
        for (let count = 0; count < 6; count += 1) {
          const answer = await get(proxy.portOf(80), '/', [['Cookie', `app=x; ${cookie}`]]);
          expect(answer.body).toBe(first.body);
        }
        const unknown = new Set<string>();
        for (let count = 0; count < 6; count += 1) {
          const answer = await get(proxy.portOf(80), '/', [['Cookie', `app=x; ${name}=abc.9999999999`]]);
          unknown.add(answer.body);
        }
        expect(unknown).toEqual(new Set(['one', 'two']));
      }
    });

    it('become WebSockets', async () => {
      const { WebSocketServer, default: WebSocket } = await import('ws');
      await using echo = await openEcho(WebSocketServer);
      await using sockets = await open({ targetGroups: [group('one', { targets: [echo.plan] })] });
      const client = new WebSocket(`ws://127.0.0.1:${sockets.portOf(80)}/`);
      await once(client, 'open');
      client.send('hello');
      const [message] = await once(client, 'message');
      expect(String(message)).toBe('hello');
      client.terminate();
    });
  });
}

async function openEcho(Server: typeof import('ws').WebSocketServer) {
  const server = new Server({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  const address = server.address();
  if (typeof address === 'string' || address === null) throw new Error('No port');
  return {
    plan: target('127.0.0.1', { port: address.port }),
    [Symbol.asyncDispose]: async () => {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** All that comes back for some bytes. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write(bytes);
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}
