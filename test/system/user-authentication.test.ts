import { createPublicKey, verify } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Action, AuthenticateOidcActionConfig } from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Guard, LoadBalancerPlan } from '../../src/balancing/index.ts';
import { silentLog } from '../../src/log.ts';
import { whyNoHaproxy } from '../../src/network/balancer/open.ts';
import { certificateFor } from '../../src/network/balancer/testing/certificates.ts';
import { group } from '../../src/network/balancer/testing/plans.ts';
import type { OpenProxy, TestProxy } from '../../src/network/balancer/testing/proxy.ts';
import { openTarget, type TestTarget } from '../../src/network/balancer/testing/targets.ts';
import { authenticationPublicKey, planSource, ruleGuard } from '../../src/services/elbv2/index.ts';
import { Browser } from '../../src/services/elbv2/testing/browser.ts';
import { type ElbServer, startElb } from '../../src/services/elbv2/testing/elb-server.ts';
import {
  client,
  type OidcProvider,
  openOidcProvider,
} from '../../src/services/elbv2/testing/oidc-provider.ts';

const host = 'harbour.example';
const certificateArn = 'arn:aws:acm:eu-west-1:111122223333:certificate/harbour';
const certificate = certificateFor(host);
const cookieName = 'AWSELBAuthSessionCookie';

const drivers: readonly { readonly name: string; readonly why?: string; readonly open: OpenProxy }[] = [
  {
    name: 'Node',
    open: async (...args) =>
      (await import('../../src/network/balancer/testing/nodejs-proxy.ts')).openNodejs(...args),
  },
  {
    name: 'HAProxy',
    ...((why) => why !== undefined && { why })(await whyNoHaproxy()),
    open: async (...args) =>
      (await import('../../src/network/balancer/testing/haproxy-proxy.ts')).openHaproxy(...args),
  },
];

describe.each(drivers)('users of load balancers by $name', ({ why, open }) => {
  describe.skipIf(why !== undefined)(why ?? '', () => {
    let parts: AsyncDisposableStack;
    let server: ElbServer;
    let provider: OidcProvider;
    let web: TestTarget;
    let guard: Guard;
    let targetGroupArn: string;
    let loadBalancerArn: string;

    beforeEach(async () => {
      parts = new AsyncDisposableStack();
      server = parts.use(await startElb());
      server.certificates.add(certificateArn);
      provider = parts.use(await openOidcProvider(() => server.clock.now()));
      web = parts.use(await openTarget((_, response) => response.end('welcome')));
      targetGroupArn = await server.targetGroup('web');
      loadBalancerArn = await server.loadBalancer('front');
      const { state, clock, context } = server;
      guard = ruleGuard({
        ...{ state, clock, random: context.random, sealer: context.sealer, log: silentLog },
        authorities: [provider.authority],
      });
    });
    afterEach(() => parts.disposeAsync());

    const oidc = (changes: Partial<AuthenticateOidcActionConfig> = {}): Action[] => [
      {
        ...{ Type: 'authenticate-oidc', Order: 1 },
        AuthenticateOidcConfig: {
          Issuer: provider.issuer,
          AuthorizationEndpoint: `${provider.issuer}/authorize?tenant=1`,
          TokenEndpoint: `${provider.issuer}/token`,
          UserInfoEndpoint: `${provider.issuer}/userinfo`,
          ...{ ClientId: client.id, ClientSecret: client.secret },
          ...changes,
        },
      },
      { Type: 'forward', TargetGroupArn: targetGroupArn, Order: 2 },
    ];

    /** An HTTPS listener whose default rule does this. @returns its ARN. */
    const listen = async (DefaultActions: Action[], Port = 443): Promise<string> => {
      const { Listeners = [] } = await server.elb.createListener({
        ...{ LoadBalancerArn: loadBalancerArn, Protocol: 'HTTPS', Port, DefaultActions },
        Certificates: [{ CertificateArn: certificateArn }],
      });
      return Listeners[0]?.ListenerArn ?? '';
    };

    /** Carries what Elastic Load Balancing plans now. */
    const carry = async (): Promise<TestProxy> => {
      const plans = planSource(server.state);
      const [key = ''] = plans.keys();
      const plan = plans.planOf(key) as LoadBalancerPlan;
      const targets = [web.plan];
      const targetGroups = plan.targetGroups.map(({ arn, id }) => group('one', { arn, id, targets }));
      const certificates = new Map([[certificateArn, certificate]]);
      const { arn, listeners } = plan;
      return parts.use(await open({ arn, listeners, targetGroups }, certificates, guard));
    };

    const browse = (proxy: TestProxy, port = 443): Browser =>
      new Browser({ host, address: '127.0.0.1', port: proxy.portOf(port) }, [
        provider.authority,
        certificate.chain,
      ]);
    const received = (): IncomingHttpHeaders => web.requests.at(-1)?.headers ?? {};

    it('sign in, and targets learn who they are from signed claims', async () => {
      await listen(oidc({ Scope: 'openid email', AuthenticationRequestExtraParams: { prompt: 'login' } }));
      const browser = browse(await carry());
      const sent = await browser.get('/dock?berth=1&tide=%C3%BC');
      expect(sent.status).toBe(302);
      const location = new URL(sent.location ?? '');
      expect(`${location.origin}${location.pathname}`).toBe(`${provider.issuer}/authorize`);
      expect(Object.fromEntries(location.searchParams)).toEqual({
        ...{ tenant: '1', prompt: 'login', response_type: 'code', scope: 'openid email' },
        ...{ client_id: client.id, redirect_uri: `https://${host}/oauth2/idpresponse` },
        state: expect.any(String),
      });
      const back = await browser.get(sent.location ?? '');
      const signedIn = await browser.get(back.location ?? '');
      expect(signedIn).toMatchObject({ status: 302, location: `https://${host}/dock?berth=1&tide=%C3%BC` });
      expect(signedIn.cookies).toEqual([
        expect.stringMatching(new RegExp(`^${cookieName}-0=[\\w-]+; Expires=.*; Path=/; Secure; HttpOnly$`)),
      ]);
      expect(web.requests).toEqual([]);
      const welcome = await browser.get(signedIn.location ?? '', { 'x-amzn-oidc-identity': 'root' });
      expect(welcome).toMatchObject({ status: 200, body: 'welcome', cookies: [] });
      const headers = received();
      expect(headers).toMatchObject({
        'x-amzn-oidc-identity': 'ann',
        'x-amzn-oidc-accesstoken': expect.stringMatching(/^access-/),
      });
      const [header = '', payload = '', signature = ''] = String(headers['x-amzn-oidc-data']).split('.');
      const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
      const seconds = Math.floor(server.clock.now() / 1_000);
      expect(read(header)).toMatchObject({
        ...{ alg: 'ES256', signer: loadBalancerArn, iss: provider.issuer, client: client.id },
        exp: seconds + 120,
      });
      expect(read(payload)).toMatchObject(provider.user);
      const key = createPublicKey(authenticationPublicKey(server.state, read(header).kid) ?? '');
      const isSigned = verify(
        ...(['sha256', Buffer.from(`${header}.${payload}`)] as const),
        { key, dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      );
      expect(isSigned).toBe(true);
      expect(provider.asked).toEqual(['/authorize', '/token', '/userinfo']);
    });

    it('are sent on, let through or refused where they are not signed in, as the rule says', async () => {
      const ListenerArn = await listen(oidc());
      const path = (value: string) => [{ Field: 'path-pattern', Values: [value] }];
      for (const [Priority, OnUnauthenticatedRequest] of [
        [1, 'allow'],
        [2, 'deny'],
      ] as const) {
        const Conditions = path(`/${OnUnauthenticatedRequest}`);
        await server.elb.createRule({
          ...{ ListenerArn, Priority, Conditions, Actions: oidc({ OnUnauthenticatedRequest }) },
        });
      }
      await server.elb.createRule({
        ...{ ListenerArn, Priority: 3, Conditions: path('/open') },
        Actions: [{ Type: 'forward', TargetGroupArn: targetGroupArn }],
      });
      const browser = browse(await carry());
      expect((await browser.get('/deny')).status).toBe(401);
      expect(await browser.get('/allow', { 'x-amzn-oidc-identity': 'root' })).toMatchObject({ status: 200 });
      expect(received()).not.toHaveProperty('x-amzn-oidc-identity');
      expect((await browser.get('/open')).status).toBe(200);
      expect(await browser.follow('/other')).toMatchObject({ status: 200 });
      for (const each of ['/deny', '/allow']) {
        expect((await browser.get(each)).status).toBe(200);
        expect(received()['x-amzn-oidc-identity']).toBe('ann');
      }
      // A cookie that nobody here has sealed is none.
      browser.jar.set(`${cookieName}-0`, 'AZaz09'.repeat(20));
      expect((await browser.get('/allow')).status).toBe(200);
      expect(received()).not.toHaveProperty('x-amzn-oidc-identity');
      const refused = await browser.get('/other');
      expect(refused.status).toBe(401);
      expect(browser.jar.has(`${cookieName}-0`)).toBe(false);
    });

    it('stay signed in by refresh tokens until the provider or the session ends it', async () => {
      provider.givesRefreshTokens = true;
      const ListenerArn = await listen(oidc({ SessionTimeout: 1_000 }));
      const browser = browse(await carry());
      await browser.follow('/');
      const first = received()['x-amzn-oidc-accesstoken'];
      await server.clock.advance(299_000);
      await browser.get('/');
      expect(received()['x-amzn-oidc-accesstoken']).toBe(first);
      await server.clock.advance(2_000);
      provider.user = { ...provider.user, email: 'ann@quay.example' };
      // Two pages at once come with the same refresh token, which is good once.
      const stale = new Map(browser.jar);
      const both = await Promise.all([browser.get('/a'), browser.get('/b')]);
      expect(both.map(({ status }) => status)).toEqual([200, 200]);
      expect(both[0]?.cookies).toHaveLength(1);
      expect(provider.asked.filter((each) => each === '/token')).toHaveLength(2);
      expect(received()['x-amzn-oidc-accesstoken']).not.toBe(first);
      await server.clock.advance(301_000);
      // What was used up is good for nobody any more.
      browser.jar.clear();
      for (const [name, value] of stale) browser.jar.set(name, value);
      expect((await browser.get('/')).status).toBe(302);
      await browser.follow('/');
      provider.signOut();
      expect((await browser.get('/')).status).toBe(200);
      await server.clock.advance(301_000);
      expect((await browser.get('/')).status).toBe(302);
      provider.lasting = 100_000;
      await browser.follow('/');
      await server.clock.advance(999_000);
      expect((await browser.get('/')).status).toBe(200);
      // A rule that becomes stricter is so for those, too, who are signed in.
      const stricter = oidc({ SessionTimeout: 500, UseExistingClientSecret: true, ClientSecret: undefined });
      await server.elb.modifyListener({ ListenerArn, DefaultActions: stricter });
      expect((await browser.get('/')).status).toBe(302);
      await server.elb.modifyListener({ ListenerArn, DefaultActions: oidc({ SessionTimeout: 1_000 }) });
      expect((await browser.get('/')).status).toBe(200);
      await server.clock.advance(2_000);
      expect((await browser.get('/')).status).toBe(302);
    });

    it('have sessions in as many cookies as they need, and in no more than that', async () => {
      const noise = (bytes: number) =>
        Array.from({ length: bytes }, () => Math.random().toString(36).at(-1)).join('');
      provider.user = { sub: 'ann', groups: noise(9_000) };
      await listen(oidc());
      const browser = browse(await carry());
      expect((await browser.follow('/')).status).toBe(200);
      const names = () => [...browser.jar.keys()].filter((name) => name.startsWith(cookieName)).length;
      expect(names()).toBeGreaterThan(1);
      const data = String(received()['x-amzn-oidc-data']).split('.')[1] ?? '';
      expect(JSON.parse(Buffer.from(data, 'base64url').toString())).toMatchObject(provider.user);
      provider.user = { sub: 'ann' };
      await server.clock.advance(700_000_000);
      expect((await browser.follow('/')).status).toBe(200);
      expect(names()).toBe(1);
      browser.jar.clear();
      provider.user = { sub: 'ann', groups: noise(11_300) };
      expect((await browser.follow('/')).status).toBe(500);
    });

    it('can’t bring back what is not theirs', async () => {
      await listen(oidc());
      await listen(oidc(), 8443);
      const proxy = await carry();
      const [browser, other] = [browse(proxy), browse(proxy)];
      const codeFor = async (who: Browser) =>
        new URL((await who.get((await who.get('/')).location ?? '')).location ?? '');
      const back = async (change: (url: URL) => void, who = browser): Promise<number> => {
        const url = await codeFor(browser);
        change(url);
        return (await who.get(url.href)).status;
      };
      expect(await back((url) => url.searchParams.delete('state'))).toBe(401);
      expect(await back((url) => url.searchParams.set('state', 'AAAA'))).toBe(401);
      expect(await back((url) => url.searchParams.delete('code'))).toBe(401);
      expect(await back(() => {}, other)).toBe(401);
      await other.get('/');
      expect(await back(() => {}, other)).toBe(401);
      const quay = browse(proxy, 8443);
      for (const [name, value] of browser.jar) quay.jar.set(name, value);
      expect(await back(() => {}, quay)).toBe(401);
      expect(
        await back((url) => {
          url.searchParams.delete('code');
          url.searchParams.set('error', 'access_denied');
        }),
      ).toBe(561);
      expect(provider.asked).not.toContain('/token');
      const late = await codeFor(browser);
      await server.clock.advance(901_000);
      expect((await browser.get(late.href)).status).toBe(401);
      const once = await codeFor(browser);
      expect((await browser.get(once.href)).status).toBe(302);
      expect((await browser.get(once.href)).status).toBe(401);
      // A session of another listener on the same host is none here, and no reason to refuse anybody.
      for (const [name, value] of browser.jar) quay.jar.set(name, value);
      expect((await quay.get('/')).status).toBe(302);
      expect((await browser.get('/')).status).toBe(200);
    });

    it('are told so when their provider lies, breaks off or is refused', async () => {
      await listen(oidc());
      const browser = browse(await carry());
      const outcome = async (path: string, answer: Parameters<typeof provider.instead.set>[1]) => {
        provider.instead.clear();
        provider.instead.set(path, answer);
        return (await browser.follow('/')).status;
      };
      const says = (body: string, status = 200) => outcomeOf(body, status);
      const outcomeOf =
        (body: string, status: number): Parameters<typeof provider.instead.set>[1] =>
        (_, response) =>
          response.writeHead(status, { 'content-type': 'application/json' }).end(body);
      const seconds = Math.floor(server.clock.now() / 1_000);
      const good = { iss: provider.issuer, aud: client.id, sub: 'ann', exp: seconds + 300 };
      const tokenOf = async (claims: object, more: object = {}) =>
        says(
          JSON.stringify({
            ...{ access_token: 'a', expires_in: 60, id_token: await provider.sign({ ...good, ...claims }) },
            ...more,
          }),
        );
      expect(await outcome('/token', says('{"error":"server_error"}', 500))).toBe(561);
      expect(await outcome('/token', says('{"error":"invalid_grant"}', 400))).toBe(401);
      expect(await outcome('/token', says('no JSON'))).toBe(401);
      expect(await outcome('/token', says('[]'))).toBe(401);
      expect(await outcome('/token', says(`{"a":"${'x'.repeat(100_000)}"}`))).toBe(401);
      expect(await outcome('/token', (_, response) => response.destroy())).toBe(500);
      expect(await outcome('/token', (_, response) => response.writeHead(302, { location: '/' }).end())).toBe(
        561,
      );
      expect(await outcome('/token', await tokenOf({}, { access_token: 'a\r\nx: y' }))).toBe(401);
      expect(await outcome('/token', await tokenOf({}, { id_token: undefined }))).toBe(401);
      expect(await outcome('/token', await tokenOf({ iss: 'https://other.example' }))).toBe(401);
      expect(await outcome('/token', await tokenOf({ aud: ['other'] }))).toBe(401);
      expect(await outcome('/token', await tokenOf({ aud: [client.id, 'o'], azp: 'o' }))).toBe(401);
      expect(await outcome('/token', await tokenOf({ exp: seconds - 61 }))).toBe(401);
      expect(await outcome('/userinfo', says('{"sub":"bob"}'))).toBe(401);
      expect(await outcome('/userinfo', says('{"sub":"ann\\r\\nx: y"}'))).toBe(401);
      expect(await outcome('/userinfo', says('{"error":"x"}', 403))).toBe(561);
      expect(await outcome('/userinfo', (_, response) => response.destroy())).toBe(500);
      expect(await outcome('/userinfo', says(`{"sub":"ann","x":"${'x'.repeat(12_000)}"}`))).toBe(500);
      expect(web.requests).toEqual([]);
      provider.instead.clear();
      provider.takesSecretsIn = 'header';
      expect((await browser.follow('/')).status).toBe(200);
    });

    it('wait no longer than a moment for a provider that hangs', async () => {
      await listen(oidc());
      const browser = browse(await carry());
      const hangs = Promise.withResolvers<void>();
      provider.instead.set('/token', () => hangs.resolve());
      const waiting = browser.follow('/');
      await hangs.promise;
      await server.clock.advance(5_000);
      expect((await waiting).status).toBe(500);
    });

    it('must come over TLS: rules of other listeners can’t ask for them', async () => {
      const refused = { name: 'InvalidLoadBalancerActionException' };
      await expect(
        server.elb.createListener({
          ...{ LoadBalancerArn: loadBalancerArn, Protocol: 'HTTP', Port: 80, DefaultActions: oidc() },
        }),
      ).rejects.toMatchObject({
        ...refused,
        message: "Actions of type 'authenticate-oidc' are supported only on HTTPS listeners",
      });
      const ListenerArn = await listen(oidc());
      await expect(
        server.elb.modifyListener({ ListenerArn, Protocol: 'HTTP', Certificates: [] }),
      ).rejects.toMatchObject(refused);
    });
  });
});
