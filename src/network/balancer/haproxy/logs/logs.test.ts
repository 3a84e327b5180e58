import { describe, expect, it } from 'vitest';
import type { LogEntry, RequestEntry } from '../../../../balancing/index.ts';
import { whyNoHaproxy } from '../../open.ts';
import { certificateFor } from '../../testing/certificates.ts';
import type { BalancerMachine } from '../../testing/machine.ts';
import { balancer, fixed, forwardTo, group, groupArn, listener, rule, target } from '../../testing/plans.ts';
import { readFields, requestFields } from './fields.ts';

const why = await whyNoHaproxy();
const open = async (): Promise<BalancerMachine> => (await import('../../testing/haproxy.ts')).openMachine();

describe('lines of the log', () => {
  it('keep what a client sent apart from everything else', () => {
    const names = Object.keys(requestFields);
    const values = names.map((name) => (name === 'userAgent' ? String.raw`"a \"b\" \\ c"` : '-'));
    expect(readFields(values.join(' '), requestFields)).toMatchObject({ userAgent: 'a "b" \\ c', host: '' });
    expect(readFields(values.slice(1).join(' '), requestFields)).toBeUndefined();
  });
});

const attributes = { ...balancer().attributes, isLogged: true };
const requests = (entries: readonly LogEntry[]): RequestEntry[] =>
  entries.flatMap((entry) => (entry.type === 'request' ? entry : []));

describe.skipIf(why !== undefined)(`logs of HAProxy ${why ?? ''}`, () => {
  it('tell of each request once, through changes of rules and of who looks after them', async () => {
    await using it = await open();
    const targets = [await it.serve('10.0.1.20')];
    const rules = [
      rule(7, fixed('here', 418), [{ field: 'path-pattern', patterns: ['/tea*'] }]),
      rule(
        9,
        {
          ...{ type: 'redirect', statusCode: 301, protocol: 'HTTPS', port: '443' },
          ...{ host: '#{host}', path: '/#{path}', query: '' },
        },
        [{ field: 'path-pattern', patterns: ['/old'] }],
      ),
      {
        ...rule(11, forwardTo('one'), [{ field: 'path-pattern', patterns: [], expressions: ['^/v\\d/'] }]),
        transforms: { url: { regex: '^/v(\\d)', replace: '/version-$1' } },
      },
      rule('default', forwardTo('one')),
    ];
    const plan = (port: number) =>
      it.plan({
        attributes,
        listeners: [listener({ rules }), listener({ port })],
        targetGroups: [group('one', { targets })],
      });
    const ask = (path: string, ...more: readonly string[]): Promise<string> =>
      it.curl('-o', '/dev/null', ...more, `http://10.0.1.5${path}`);
    await it.balancers.apply(plan(81));
    await it.until(() => it.stateOf('10.0.1.20:80') === 'healthy');
    await ask('/a?b=%20', '-A', 'x "y" \\ é', '-H', 'Host: Shop.example');
    await ask('/tea');
    await ask('/old');
    await ask('/a', '-X', 'TRACE');
    await ask('/v1/a?b');
    await it.until(() => it.entries.length === 5);
    await it.balancers.apply(plan(82));
    await ask('/second');
    await it.until(() => it.entries.length === 6);
    await it.close();
    await ask('/alone');
    await it.balancers.apply(plan(82));
    await ask('/last');
    await it.until(() => it.entries.length === 8);

    const [first, tea, old, trace, changed, second, alone, last] = requests(it.entries);
    expect(first).toMatchObject({
      kind: 'http',
      client: { address: '10.0.1.9' },
      target: { address: '10.0.1.20', port: 80 },
      targetGroupArn: groupArn('one'),
      ...{ status: 200, isTargets: true, isClientGone: false, listenerPort: 80 },
      request: { method: 'GET', url: 'http://Shop.example:80/a?b=%20', version: 'HTTP/1.1' },
      userAgent: Buffer.from('x "y" \\ é').toString('latin1'),
      traceId: expect.stringMatching(/^Root=1-[\da-f]{8}-[\da-f]{24}$/),
      ...{ rule: 'default', action: 'forward' },
      connectionId: expect.stringMatching(/^[\da-f-]{36}$/),
    });
    expect(first?.sentBytes).toBeGreaterThan(0);
    expect(first?.targetMs).toBeGreaterThanOrEqual(0);
    expect(Math.abs((first?.endedAt ?? 0) / 1_000 - Date.now())).toBeLessThan(60_000);
    expect(tea).toMatchObject({ status: 418, isTargets: false, rule: 7, action: 'fixed-response' });
    expect(tea?.target).toBeUndefined();
    expect(old).toMatchObject({ status: 301, rule: 9, location: 'https://10.0.1.5:443/old' });
    expect(trace).toMatchObject({ status: 405 });
    expect(trace?.rule).toBeUndefined();
    expect(changed).toMatchObject({
      ...{ rule: 11, request: { url: 'http://10.0.1.5:80/v1/a?b' } },
      transform: { status: 'TransformSuccess', url: '/version-1/a?b' },
    });
    expect([second, alone, last].map((entry) => entry?.request?.url)).toEqual(
      ['/second', '/alone', '/last'].map((path) => `http://10.0.1.5:80${path}`),
    );
  });

  it('tell what stood before a rule’s action, and why it let nobody pass', async () => {
    await using it = await open();
    const rules = [
      { ...rule('default', fixed('here')), guard: 'authenticate' as const },
      {
        ...rule(1, fixed('here'), [{ field: 'path-pattern', patterns: ['/api'] }]),
        guard: 'jwt-validation' as const,
      },
    ].toReversed();
    it.guard = async ({ url }) =>
      url.endsWith('ok')
        ? { type: 'pass', fields: [], cookies: [] }
        : { type: 'answer', status: 401, fields: [], reason: 'AuthInvalidCookie' };
    await it.balancers.apply(it.plan({ attributes, listeners: [listener({ rules })] }));
    for (const path of ['/ok', '/no', '/oauth2/idpresponse', '/api?ok'])
      await it.curl('-o', '/dev/null', `http://10.0.1.5${path}`);
    await it.until(() => it.entries.length === 4);
    const reason = { errorReason: 'AuthInvalidCookie', status: 401 };
    expect(requests(it.entries)).toMatchObject([
      { guard: 'authenticate', action: 'fixed-response', status: 200 },
      { guard: 'authenticate', ...reason },
      { guard: 'authenticate', ...reason },
      { guard: 'jwt-validation', action: 'fixed-response', rule: 1 },
    ]);
    expect(requests(it.entries).map(({ action }) => action !== undefined)).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  it('tell which certificate a client saw, also of TLS connections of network load balancers', async () => {
    await using it = await open();
    const certificate = 'arn:aws:acm:us-east-1:123456789012:certificate/1';
    it.certificates.set(certificate, certificateFor('web.example'));
    const targets = [await it.serve('10.0.1.20')];
    const ask = (): Promise<string> =>
      it.curl('-k', '-o', '/dev/null', '--resolve', 'web.example:443:10.0.1.5', 'https://web.example/');
    const tls = { certificateArn: certificate, serverName: 'web.example', version: 'TLSv1.3' };
    const secure = {
      port: 443,
      certificateArns: [certificate],
      sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
    };
    await it.balancers.apply(
      it.plan({
        attributes,
        listeners: [listener({ ...secure, protocol: 'HTTPS' })],
        targetGroups: [group('one', { targets })],
      }),
    );
    await it.until(() => it.stateOf('10.0.1.20:80') === 'healthy');
    await ask();
    await it.until(() => it.entries.length === 1);
    expect(it.entries[0]).toMatchObject({ kind: 'h2', tls, request: { url: 'https://web.example:443/' } });
    await it.balancers.apply(
      it.plan({
        ...{ type: 'network', attributes },
        listeners: [
          listener({ ...secure, protocol: 'TLS', alpnPolicy: 'HTTP2Optional' }),
          listener({ port: 81, protocol: 'TCP' }),
        ],
        targetGroups: [group('one', { targets, protocol: 'TCP' })],
      }),
    );
    await ask();
    await it.curl('-o', '/dev/null', 'http://10.0.1.5:81/');
    await ask();
    await it.until(() => it.entries.length === 3);
    expect(it.entries.slice(1)).toMatchObject(
      [1, 2].map(() => ({
        ...{ type: 'tls', destination: { address: '10.0.1.5', port: 443 }, tls, alpn: 'http/1.1' },
        receivedBytes: expect.any(Number),
      })),
    );
  });

  it('tell why nobody answered', async () => {
    await using it = await open();
    const targets = [target('10.0.1.20')];
    await it.balancers.apply(it.plan({ attributes, targetGroups: [group('one', { targets })] }));
    await it.until(() => it.nodes.length > 0 && it.nodes.every(({ isUp }) => isUp));
    await it.curl('-o', '/dev/null', 'http://10.0.1.5/');
    await it.until(() => it.entries.length === 1);
    expect(it.entries[0]).toMatchObject({
      ...{ status: 502, isTargets: false, target: { address: '10.0.1.20', port: 80 } },
    });
    expect(requests(it.entries)[0]?.targetMs).toBeUndefined();
  });
});
