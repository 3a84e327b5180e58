import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let cluster: TestCluster;

beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbour');
  for (const name of ['shop', 'api']) {
    await made(services, {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name } },
      spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    });
    await made('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
      metadata: { name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
      endpoints: [
        { addresses: [name === 'shop' ? '172.31.0.60' : '172.31.0.61'], conditions: { ready: true } },
      ],
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    });
  }
});
afterAll(() => server[Symbol.asyncDispose]());

const services = '/api/v1/namespaces/default/services';
const ingressUrl = '/apis/networking.k8s.io/v1/namespaces/default/ingresses';
const of = 'alb.ingress.kubernetes.io/';
const byIp = { [`${of}target-type`]: 'ip' };

const to = (name: string, port: object = { number: 80 }) => ({ service: { name, port } });

interface Path {
  readonly path?: string;
  readonly pathType: string;
  readonly backend: object;
}

const ingress = (
  name: string,
  paths: readonly Path[],
  { annotations = {}, host = 'a.example' }: { annotations?: Record<string, string>; host?: string } = {},
) => ({
  ...{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' },
  metadata: { name, annotations: { ...byIp, ...annotations } },
  spec: { ingressClassName: 'alb', rules: [{ host, http: { paths } }] },
});

async function made(path: string, body: object): Promise<void> {
  const { status, text } = await cluster.call('POST', path, body);
  expect([status, text.slice(0, 400)]).toEqual([201, expect.any(String)]);
}

const eventually = (check: () => Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 20_000, interval: 50 });

const hostnameOf = async (name: string): Promise<string | undefined> =>
  (await cluster.call('GET', `${ingressUrl}/${name}`)).json.status?.loadBalancer.ingress?.[0]?.hostname;

/** Its load balancer, with its first listener's rules as texts. */
async function seen(name: string) {
  const hostname = await hostnameOf(name);
  expect(hostname).toEqual(expect.any(String));
  const elb = 'elasticloadbalancing';
  const { LoadBalancers = [] } = await server.ask(elb, 'DescribeLoadBalancers', {});
  const balancer = LoadBalancers.find(({ DNSName }) => DNSName === hostname);
  const LoadBalancerArn = balancer?.LoadBalancerArn ?? 'none';
  const { Listeners = [] } = await server.ask(elb, 'DescribeListeners', { LoadBalancerArn });
  const { TargetGroups = [] } = await server.ask(elb, 'DescribeTargetGroups', { LoadBalancerArn });
  const names = new Map(
    TargetGroups.map((group) => [group.TargetGroupArn, group.TargetGroupName?.split('-')[2]]),
  );
  const { Rules = [] } = await server.ask(elb, 'DescribeRules', { ListenerArn: Listeners[0]?.ListenerArn });
  const rules = Rules.map(({ Conditions = [], Actions = [] }) => {
    const asked = Conditions.map(
      ({ HostHeaderConfig, PathPatternConfig, HttpHeaderConfig, Field }) =>
        (HostHeaderConfig ?? PathPatternConfig ?? HttpHeaderConfig)?.Values?.join('|') ?? Field,
    );
    const done = Actions.map(({ Type, ForwardConfig, FixedResponseConfig, RedirectConfig }) =>
      ForwardConfig
        ? ForwardConfig.TargetGroups?.map((each) => `${names.get(each.TargetGroupArn)}:${each.Weight}`).join()
        : `${Type} ${FixedResponseConfig?.StatusCode ?? RedirectConfig?.StatusCode}`,
    );
    return `${asked.join(' ')} -> ${done.join()}`;
  });
  return {
    balancer,
    listeners: Listeners.map(({ Protocol, Port }) => `${Protocol}:${Port}`),
    rules,
    TargetGroups,
  };
}

const messagesOf = async (name: string): Promise<string> => {
  const { json } = await cluster.call(
    'GET',
    `/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=${name}`,
  );
  return json.items
    .map(({ reason, message }: { reason: string; message: string }) => `${reason}: ${message}`)
    .join();
};

const remaining = async (): Promise<readonly number[]> => {
  const { LoadBalancers = [] } = await server.ask('elasticloadbalancing', 'DescribeLoadBalancers', {});
  const { TargetGroups = [] } = await server.ask('elasticloadbalancing', 'DescribeTargetGroups', {});
  const { SecurityGroups = [] } = await server.ask('ec2', 'DescribeSecurityGroups', {});
  return [
    LoadBalancers.length,
    TargetGroups.length,
    SecurityGroups.filter((it) => it.GroupName?.startsWith('k8s-')).length,
  ];
};

describe('an Ingress of the class alb', () => {
  it('has an application load balancer whose rules are its paths, the most specific first', async () => {
    await made(
      ingressUrl,
      ingress('site', [
        { path: '/', pathType: 'Prefix', backend: to('shop') },
        { path: '/api', pathType: 'Prefix', backend: to('api', { name: 'http' }) },
        { path: '/api/health', pathType: 'Exact', backend: to('shop') },
        { path: '/gone', pathType: 'Exact', backend: to('nobody') },
      ]),
    );
    await eventually(async () => void (await seen('site')));
    const { balancer, listeners, rules, TargetGroups } = await seen('site');
    expect(balancer).toMatchObject({
      ...{ Type: 'application', Scheme: 'internal' },
      LoadBalancerName: expect.stringMatching(/^k8s-default-site-[0-9a-f]{10}$/),
    });
    expect(listeners).toEqual(['HTTP:80']);
    expect(rules).toEqual([
      'a.example /api/health -> shop:1',
      'a.example /gone -> fixed-response 503',
      'a.example /api|/api/* -> api:1',
      'a.example -> shop:1',
      ' -> fixed-response 404',
    ]);
    expect(TargetGroups).toMatchObject([
      {
        Protocol: 'HTTP',
        HealthCheckPath: '/',
        HealthCheckIntervalSeconds: 15,
        Matcher: { HttpCode: '200' },
      },
      { Protocol: 'HTTP' },
    ]);

    // Other paths: rules change in their places, and what no rule sends to goes.
    const paths = [{ path: '/only', pathType: 'Exact', backend: to('shop') }];
    const now = {
      ...ingress('site', paths),
      spec: { ...ingress('site', paths).spec, defaultBackend: to('shop') },
    };
    expect((await cluster.call('PUT', `${ingressUrl}/site`, now)).status).toBe(200);
    await eventually(async () =>
      expect((await seen('site')).rules).toEqual(['a.example /only -> shop:1', ' -> shop:1']),
    );
    await eventually(async () => expect(await remaining()).toEqual([1, 1, 1]));
    await cluster.call('DELETE', `${ingressUrl}/site`);
    await eventually(async () => expect((await cluster.call('GET', `${ingressUrl}/site`)).status).toBe(404));
    expect(await remaining()).toEqual([0, 0, 0]);
  });

  it('does what its annotations say: actions, conditions, ports', async () => {
    const annotations = {
      [`${of}listen-ports`]: '[{"HTTP": 8080}]',
      [`${of}enable-frontend-nlb`]: 'false',
      [`${of}actions.split`]:
        '{"type":"forward","forwardConfig":{"targetGroupStickinessConfig":{"enabled":true,"durationSeconds":200},"targetGroups":[{"serviceName":"shop","servicePort":80,"weight":9},{"serviceName":"api","servicePort":"http","weight":1}]}}',
      [`${of}actions.away`]:
        '{"Type":"redirect","RedirectConfig":{"Host":"b.example","StatusCode":"HTTP_302"}}',
      [`${of}conditions.split`]:
        '[{"field":"http-header","httpHeaderConfig":{"httpHeaderName":"x-try","values":["1"]}}]',
    };
    const byAnnotation = { name: 'use-annotation' };
    const paths = [
      { path: '/split', pathType: 'Prefix', backend: to('split', byAnnotation) },
      { path: '/away', pathType: 'Exact', backend: to('away', byAnnotation) },
    ];
    await made(ingressUrl, ingress('said', paths, { annotations }));
    await eventually(async () => {
      const { listeners, rules } = await seen('said');
      expect(listeners).toEqual(['HTTP:8080']);
      expect(rules).toEqual([
        'a.example /away -> redirect HTTP_302',
        'a.example /split|/split/* 1 -> shop:9,api:1',
        ' -> fixed-response 404',
      ]);
    });
    await cluster.call('DELETE', `${ingressUrl}/said`);
    await eventually(async () => expect(await remaining()).toEqual([0, 0, 0]));
  });

  it('forwards to target groups that somebody has made, alone and beside services, and leaves them as they are', async () => {
    const { Vpcs: [vpc] = [] } = await server.ask('ec2', 'DescribeVpcs', {});
    const group = async (Name: string): Promise<string> => {
      const made = await server.ask('elasticloadbalancing', 'CreateTargetGroup', {
        ...{ Name, Protocol: 'HTTP', Port: 8080, TargetType: 'ip', VpcId: vpc?.VpcId },
      });
      return made.TargetGroups?.[0]?.TargetGroupArn ?? '';
    };
    const [legacy, store] = [await group('their-own-legacy'), await group('their-own-store')];
    const stickiness = { enabled: true, durationSeconds: 60 };
    const annotations = {
      [`${of}actions.only`]: JSON.stringify({ type: 'forward', targetGroupARN: legacy }),
      [`${of}actions.split`]: JSON.stringify({
        type: 'forward',
        forwardConfig: {
          targetGroups: [
            { serviceName: 'shop', servicePort: 80, weight: 9 },
            { targetGroupArn: legacy, weight: 3 },
            { targetGroupName: 'their-own-store', weight: 1 },
          ],
          targetGroupStickinessConfig: stickiness,
        },
      }),
      [`${of}actions.late`]: '{"type":"forward","targetGroupName":"their-own-late"}',
    };
    const byAnnotation = { name: 'use-annotation' };
    const paths = ['only', 'split', 'late'].map((name) => ({
      ...{ path: `/${name}`, pathType: 'Exact', backend: to(name, byAnnotation) },
    }));
    await made(ingressUrl, ingress('given', paths, { annotations }));
    await eventually(async () =>
      expect(await messagesOf('given')).toContain(
        'FailedBuildModel: Failed build model due to the target group their-own-late is not there',
      ),
    );
    expect(await remaining()).toEqual([0, 2, 0]);
    const late = await group('their-own-late');
    await vi.waitFor(async () => void (await seen('given')), { timeout: 20_000, interval: 50 });
    expect((await seen('given')).rules).toEqual([
      ...['a.example /only -> legacy:1', 'a.example /split -> shop:9,legacy:3,store:1'],
      ...['a.example /late -> late:1', ' -> fixed-response 404'],
    ]);

    // What is theirs stays when nothing is sent there any more, and when the load balancer goes.
    const patch = { 'content-type': 'application/merge-patch+json' };
    const theirs = async () => {
      const { TargetGroups } = await server.ask('elasticloadbalancing', 'DescribeTargetGroups', {
        TargetGroupArns: [legacy, store, late],
      });
      return TargetGroups?.flatMap((it) => (it.LoadBalancerArns?.length ? [it.TargetGroupName] : []));
    };
    const [only] = paths;
    const fewer = { spec: { rules: [{ host: 'a.example', http: { paths: [only] } }] } };
    expect((await cluster.call('PATCH', `${ingressUrl}/given`, fewer, patch)).status).toBe(200);
    await eventually(async () => {
      expect((await seen('given')).rules).toEqual(['a.example /only -> legacy:1', ' -> fixed-response 404']);
      expect([await remaining(), await theirs()]).toEqual([[1, 3, 1], ['their-own-legacy']]);
    });
    await cluster.call('DELETE', `${ingressUrl}/given`);
    await eventually(async () => expect((await cluster.call('GET', `${ingressUrl}/given`)).status).toBe(404));
    expect([await remaining(), await theirs()]).toEqual([[0, 3, 0], []]);
    for (const TargetGroupArn of [legacy, store, late])
      await server.ask('elasticloadbalancing', 'DeleteTargetGroup', { TargetGroupArn });
  });

  it('has the certificates of its hosts where it names none, and waits until there are some', async () => {
    const request = async (DomainName: string) =>
      (await server.ask('acm', 'RequestCertificate', { DomainName, ValidationMethod: 'DNS' })).CertificateArn;
    const wildcard = await request('*.shop.example');
    await request('shop.example');
    const hosts = { [`${of}listen-ports`]: '[{"HTTPS": 443}]' };
    const wanted = ingress('secure', [{ path: '/', pathType: 'Prefix', backend: to('shop') }], {
      ...{ annotations: hosts, host: 'www.shop.example' },
    });
    await made(ingressUrl, {
      ...wanted,
      spec: { ...wanted.spec, tls: [{ hosts: ['www.shop.example', 'other.example'] }] },
    });
    await eventually(async () =>
      expect(await messagesOf('secure')).toContain('no certificate found for host: other.example'),
    );
    const other = await request('other.example');
    const late = { timeout: 45_000, interval: 100 };
    await vi.waitFor(async () => void (await seen('secure')), late);
    const { listeners, balancer } = await seen('secure');
    expect(listeners).toEqual(['HTTPS:443']);
    const elb = 'elasticloadbalancing';
    const LoadBalancerArn = balancer?.LoadBalancerArn ?? '';
    const { Listeners: [listener] = [] } = await server.ask(elb, 'DescribeListeners', { LoadBalancerArn });
    const { Certificates = [] } = await server.ask(elb, 'DescribeListenerCertificates', {
      ListenerArn: listener?.ListenerArn,
    });
    expect(Certificates.map(({ CertificateArn }) => CertificateArn).sort()).toEqual([wildcard, other].sort());
    expect(Certificates.find(({ IsDefault }) => IsDefault)?.CertificateArn).toBe(wildcard);
    await cluster.call('DELETE', `${ingressUrl}/secure`);
    await eventually(async () => expect(await remaining()).toEqual([0, 0, 0]));
  });

  it('has regular expressions and transforms by annotations, until they go', async () => {
    const url = { regex: '^/api/(.*)$', replace: '/$1' };
    const paths = [
      { path: '/^/v[0-9]+/', pathType: 'ImplementationSpecific', backend: to('api') },
      { path: '/shop', pathType: 'Exact', backend: to('shop') },
    ];
    const transforms = {
      [`${of}transforms.api`]: JSON.stringify([
        { type: 'url-rewrite', urlRewriteConfig: { rewrites: [url] } },
      ]),
    };
    const annotations = {
      [`${of}use-regex-path-match`]: 'true',
      [`${of}conditions.shop`]: JSON.stringify([
        { field: 'host-header', hostHeaderConfig: { values: ['b.example'] } },
        { field: 'http-header', httpHeaderConfig: { httpHeaderName: 'X-A', regexValues: ['^a+$'] } },
      ]),
    };
    await made(
      ingressUrl,
      ingress('regex', paths, { annotations: { ...annotations, ...transforms }, host: 'a.example' }),
    );
    const rulesOf = async () => {
      const { LoadBalancerArn } = (await seen('regex')).balancer ?? {};
      const elb = 'elasticloadbalancing';
      const { Listeners = [] } = await server.ask(elb, 'DescribeListeners', { LoadBalancerArn });
      const { Rules = [] } = await server.ask(elb, 'DescribeRules', {
        ListenerArn: Listeners[0]?.ListenerArn,
      });
      return Rules;
    };
    await eventually(async () => {
      const [shop, api] = await rulesOf();
      expect(
        shop?.Conditions?.map(({ Field: _, Values: _also, RegexValues: _too, ...config }) => config),
      ).toEqual([
        { HostHeaderConfig: { Values: ['a.example', 'b.example'] } },
        { PathPatternConfig: { Values: ['/shop'] } },
        { HttpHeaderConfig: { HttpHeaderName: 'X-A', RegexValues: ['^a+$'] } },
      ]);
      expect(api?.Conditions?.[1]?.PathPatternConfig).toEqual({ RegexValues: ['^/v[0-9]+/'] });
      expect(api?.Transforms).toEqual([
        { Type: 'url-rewrite', UrlRewriteConfig: { Rewrites: [{ Regex: url.regex, Replace: url.replace }] } },
      ]);
    });
    const without = { metadata: { annotations: { [`${of}transforms.api`]: null } } };
    const { status } = await cluster.call('PATCH', `${ingressUrl}/regex`, without, {
      'content-type': 'application/merge-patch+json',
    });
    expect(status).toBe(200);
    await eventually(async () => expect((await rulesOf())[1]?.Transforms).toEqual([]));
    await cluster.call('DELETE', `${ingressUrl}/regex`);
    await eventually(async () => expect(await remaining()).toEqual([0, 0, 0]));
  });

  it('lets those in who sign in as its annotations say, by a Secret that is followed', async () => {
    const { CertificateArn = '' } = await server.ask('acm', 'RequestCertificate', {
      ...{ DomainName: 'signed.example', ValidationMethod: 'DNS' },
    });
    const provider = {
      ...{ issuer: 'https://idp.example', authorizationEndpoint: 'https://idp.example/authorize' },
      ...{ tokenEndpoint: 'https://idp.example/token', userInfoEndpoint: 'https://idp.example/user' },
      ...{ secretName: 'client', authenticationRequestExtraParams: { Display: 'page' } },
    };
    const annotations = {
      [`${of}listen-ports`]: '[{"HTTP": 80}, {"HTTPS": 443}]',
      [`${of}certificate-arn`]: CertificateArn,
      [`${of}auth-type`]: 'oidc',
      [`${of}auth-idp-oidc`]: JSON.stringify(provider),
      [`${of}auth-on-unauthenticated-request`]: 'deny',
      [`${of}auth-scope`]: 'openid email',
      [`${of}auth-session-cookie`]: 'signed-in',
      [`${of}auth-session-timeout`]: '3600',
    };
    // What a service says goes before what its Ingress says.
    const patch = { 'content-type': 'application/merge-patch+json' };
    const token = JSON.stringify({
      ...{ jwksEndpoint: 'https://idp.example/jwks', issuer: 'idp' },
      additionalClaims: [{ name: 'scope', format: 'space-separated-values', values: ['read'] }],
    });
    const byToken = { [`${of}auth-type`]: 'none', [`${of}jwt-validation`]: token };
    await cluster.call('PATCH', `${services}/api`, { metadata: { annotations: byToken } }, patch);
    const paths = [
      { path: '/api', pathType: 'Exact', backend: to('api') },
      { path: '/', pathType: 'Prefix', backend: to('shop') },
    ];
    await made(ingressUrl, ingress('guarded', paths, { annotations }));
    await eventually(async () =>
      expect(await messagesOf('guarded')).toContain('secrets "client" not found, secret: default/client'),
    );
    const elb = 'elasticloadbalancing';
    const actionsAt = async (port: number) => {
      const { LoadBalancerArn } = (await seen('guarded')).balancer ?? {};
      const { Listeners = [] } = await server.ask(elb, 'DescribeListeners', { LoadBalancerArn });
      const { ListenerArn } = Listeners.find(({ Port }) => Port === port) ?? {};
      const { Rules = [] } = await server.ask(elb, 'DescribeRules', { ListenerArn });
      return Rules.map(({ Actions = [] }) => Actions);
    };
    const secret = (data: object) => ({ apiVersion: 'v1', kind: 'Secret', ...data });
    const secretsUrl = '/api/v1/namespaces/default/secrets';
    await made(
      secretsUrl,
      secret({ metadata: { name: 'client' }, stringData: { clientID: 'harbour\n', clientSecret: 'one' } }),
    );
    await vi.waitFor(async () => void (await seen('guarded')), { timeout: 20_000, interval: 50 });
    const [byJwt, bySignIn, byDefault] = await actionsAt(443);
    expect(bySignIn?.[0]).toEqual({
      ...{ Type: 'authenticate-oidc', Order: 1 },
      AuthenticateOidcConfig: {
        ...{ Issuer: provider.issuer, AuthorizationEndpoint: provider.authorizationEndpoint },
        ...{ TokenEndpoint: provider.tokenEndpoint, UserInfoEndpoint: provider.userInfoEndpoint },
        ...{ ClientId: 'harbour', SessionCookieName: 'signed-in', Scope: 'openid email' },
        ...{ SessionTimeout: 3_600, OnUnauthenticatedRequest: 'deny' },
        AuthenticationRequestExtraParams: { Display: 'page' },
      },
    });
    expect(bySignIn?.[1]).toMatchObject({ Type: 'forward', Order: 2 });
    expect(byJwt?.[0]?.JwtValidationConfig).toEqual({
      ...{ JwksEndpoint: 'https://idp.example/jwks', Issuer: 'idp' },
      AdditionalClaims: [{ Name: 'scope', Format: 'space-separated-values', Values: ['read'] }],
    });
    expect(byDefault?.map(({ Type }) => Type)).toEqual(['fixed-response']);
    expect((await actionsAt(80)).map((actions) => actions.map(({ Type }) => Type))).toEqual([
      ...[['forward'], ['forward'], ['fixed-response']],
    ]);

    // Nobody shows a secret, but it is another one.
    const sealed = async () => {
      const { entries } = await server.store.read('/elasticloadbalancing/');
      return entries.flatMap(
        ({ value }) => JSON.stringify(value).match(/"sealedClientSecret":[^,}]+/g) ?? [],
      );
    };
    const before = await sealed();
    expect(before).toHaveLength(1);
    await server.reconcilers.idle();
    expect(await sealed()).toEqual(before);
    const changed = { stringData: { clientSecret: 'two' } };
    await cluster.call('PATCH', `${secretsUrl}/client`, changed, patch);
    await eventually(async () => expect(await sealed()).not.toEqual(before));

    const open = { metadata: { annotations: { [`${of}auth-type`]: null, [`${of}auth-idp-oidc`]: null } } };
    await cluster.call('PATCH', `${ingressUrl}/guarded`, open, patch);
    await eventually(async () =>
      expect((await actionsAt(443))[1]?.map(({ Type }) => Type)).toEqual(['forward']),
    );
    const nothing = { [`${of}auth-type`]: null, [`${of}jwt-validation`]: null };
    await cluster.call('PATCH', `${services}/api`, { metadata: { annotations: nothing } }, patch);
    await cluster.call('DELETE', `${ingressUrl}/guarded`);
    await eventually(async () => expect(await remaining()).toEqual([0, 0, 0]));
  });

  it('shares one with others of its group, in their order, until the last of them goes', async () => {
    const grouped = (order: string) => ({ [`${of}group.name`]: 'harbour', [`${of}group.order`]: order });
    const path = (backend: object) => [{ path: '/', pathType: 'Prefix', backend }];
    await made(
      ingressUrl,
      ingress('late', path(to('shop')), { annotations: grouped('20'), host: 'late.example' }),
    );
    await made(
      ingressUrl,
      ingress('early', path(to('api')), { annotations: grouped('10'), host: 'early.example' }),
    );
    const both = ['early.example -> api:1', 'late.example -> shop:1', ' -> fixed-response 404'];
    await eventually(async () => {
      expect((await seen('late')).rules).toEqual(both);
      expect(await hostnameOf('early')).toBe(await hostnameOf('late'));
    });
    expect(await remaining()).toEqual([1, 2, 1]);
    await cluster.call('DELETE', `${ingressUrl}/early`);
    await eventually(async () => {
      expect((await seen('late')).rules).toEqual(['late.example -> shop:1', ' -> fixed-response 404']);
      expect(await remaining()).toEqual([1, 1, 1]);
    });
    await cluster.call('DELETE', `${ingressUrl}/late`);
    await eventually(async () => expect(await remaining()).toEqual([0, 0, 0]));
  });

  it('redirects for all of its group, and lets in at the ports of each whom that names', async () => {
    const { CertificateArn = '' } = await server.ask('acm', 'RequestCertificate', {
      ...{ DomainName: 'grouped.example', ValidationMethod: 'DNS' },
    });
    const { PrefixList: { PrefixListId = '' } = {} } = await server.ask('ec2', 'CreateManagedPrefixList', {
      ...{ PrefixListName: 'offices', AddressFamily: 'IPv4', MaxEntries: 1 },
    });
    const path = [{ path: '/', pathType: 'Prefix', backend: to('shop') }];
    const secure = {
      [`${of}group.name`]: 'redirecting',
      [`${of}listen-ports`]: '[{"HTTP": 80}, {"HTTPS": 443}]',
      [`${of}certificate-arn`]: CertificateArn,
      [`${of}ssl-redirect`]: '443',
      [`${of}inbound-cidrs`]: '10.0.0.0/8',
      [`${of}listener-attributes.HTTPS-443`]: 'routing.http.response.server.enabled=false',
      [`${of}healthcheck-port`]: 'http',
    };
    const plain = {
      [`${of}group.name`]: 'redirecting',
      [`${of}listen-ports`]: '[{"HTTP": 8080}]',
      [`${of}security-group-prefix-lists`]: PrefixListId,
    };
    await made(ingressUrl, ingress('plain', path, { annotations: plain, host: 'plain.example' }));
    await made(ingressUrl, ingress('secure', path, { annotations: secure, host: 'secure.example' }));
    const elb = 'elasticloadbalancing';
    await eventually(async () => {
      const { balancer, listeners, TargetGroups } = await seen('secure');
      expect(listeners.toSorted()).toEqual(['HTTP:80', 'HTTP:8080', 'HTTPS:443']);
      const { LoadBalancerArn } = balancer ?? {};
      const { Listeners = [] } = await server.ask(elb, 'DescribeListeners', { LoadBalancerArn });
      const done = Listeners.map(({ Port, DefaultActions: [action] = [] }) => `${Port} ${action?.Type}`);
      expect(done.sort()).toEqual(['443 fixed-response', '80 redirect', '8080 redirect']);
      const { ListenerArn } = Listeners.find(({ Port }) => Port === 443) ?? {};
      const { Attributes } = await server.ask(elb, 'DescribeListenerAttributes', { ListenerArn });
      expect(Attributes).toContainEqual({ Key: 'routing.http.response.server.enabled', Value: 'false' });
      expect(TargetGroups.map(({ HealthCheckPort }) => HealthCheckPort)).toEqual(['8080']);
      const { SecurityGroups: [own] = [] } = await server.ask('ec2', 'DescribeSecurityGroups', {
        GroupIds: balancer?.SecurityGroups ?? [],
      });
      const letIn = own?.IpPermissions?.map(
        ({ FromPort, IpRanges: [block] = [], PrefixListIds: [list] = [] }) =>
          `${FromPort} ${block?.CidrIp ?? list?.PrefixListId}`,
      );
      expect(letIn?.sort()).toEqual(['443 10.0.0.0/8', '80 10.0.0.0/8', `8080 ${PrefixListId}`]);
    });
    for (const name of ['plain', 'secure']) await cluster.call('DELETE', `${ingressUrl}/${name}`);
    await eventually(async () => expect(await remaining()).toEqual([0, 0, 0]));
  });

  it.each([
    [{ [`${of}auth-type`]: 'oidc' }, 'auth-idp-oidc: auth-type: oidc needs it'],
    [{ [`${of}auth-type`]: 'cognito' }, 'auth-type: cognito is not supported: use oidc'],
    [
      {
        [`${of}auth-type`]: 'oidc',
        [`${of}auth-idp-oidc`]:
          '{"issuer":"i","authorizationEndpoint":"a","tokenEndpoint":"t","userInfoEndpoint":"u","secretName":"../kube-system/x"}',
      },
      'secretName ../kube-system/x is no name of a Secret',
    ],
    [
      { [`${of}jwt-validation`]: '{"jwksEndpoint":"https://idp.example","issuer":"i"}' },
      'auth-type and jwt-validation need an HTTPS listener',
    ],
    [{ [`${of}enable-frontend-nlb`]: 'true' }, 'enable-frontend-nlb: it is not supported'],
    [{ [`${of}frontend-nlb-scheme`]: 'internal' }, 'frontend-nlb-scheme: it is not supported'],
    [{ [`${of}ip-address-type`]: 'dualstack' }, 'ip-address-type: dualstack is none of ipv4'],
    [{ [`${of}wafv2-acl-arn`]: 'arn' }, 'wafv2-acl-arn: it is not supported: there is no WAF'],
    [{ [`${of}listen-ports`]: '[{"HTTPS": 443}]' }, 'no certificate found for host: a.example'],
    [{ [`${of}target-type`]: 'instance' }, "service type must be either 'NodePort' or 'LoadBalancer'"],
    [{ [`${of}transforms.shop`]: '[{"type": "x"}]' }, 'transforms.shop: the type x is not supported'],
    [
      {
        [`${of}transforms.shop`]:
          '[{"type": "url-rewrite", "urlRewriteConfig": {"rewrites": [{"regex": "(a+)+", "replace": ""}]}}]',
      },
      'it can take exponential time',
    ],
    [{ [`${of}ssl-redirect`]: '443' }, 'there is no HTTPS listener at port 443'],
    [{ [`${of}security-groups`]: 'nobodys' }, 'there is no security group nobodys in the VPC of the cluster'],
    [
      { [`${of}actions.act`]: '{"type":"forward","targetGroupARN":"a","targetGroupName":"b"}' },
      'actions.act: precisely one of targetGroupARN, targetGroupName and forwardConfig can be specified',
    ],
    [
      {
        [`${of}actions.act`]:
          '{"type":"forward","forwardConfig":{"targetGroups":[{"serviceName":"shop","targetGroupName":"b"}]}}',
      },
      'actions.act: each of its targetGroups has precisely one of targetGroupARN, targetGroupName and serviceName',
    ],
  ])('says by an event why %j makes none', async (annotations, why) => {
    const paths = [
      { path: '/', pathType: 'Prefix', backend: to('shop') },
      ...(`${of}actions.act` in annotations
        ? [{ path: '/act', pathType: 'Exact', backend: to('act', { name: 'use-annotation' }) }]
        : []),
    ];
    await made(ingressUrl, ingress('wrong', paths, { annotations }));
    await eventually(async () => expect(await messagesOf('wrong')).toContain(why));
    await cluster.call('DELETE', `${ingressUrl}/wrong`);
    await eventually(async () => expect((await cluster.call('GET', `${ingressUrl}/wrong`)).status).toBe(404));
  });

  it('is as the parameters of its class say, in the namespaces that they select, and follows them', async () => {
    const paramsUrl = '/apis/elbv2.k8s.aws/v1beta1/ingressclassparams';
    const patch = { 'content-type': 'application/merge-patch+json' };
    const parameters = { apiGroup: 'elbv2.k8s.aws', kind: 'IngressClassParams', name: 'outer' };
    await made('/apis/networking.k8s.io/v1/ingressclasses', {
      ...{ apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'outer' } },
      spec: { controller: 'ingress.k8s.aws/alb', parameters },
    });
    const classed = (name: string) => {
      const annotations = { [`${of}scheme`]: 'internal', [`${of}tags`]: 'team=blue,tier=front' };
      const path = [{ path: '/', pathType: 'Prefix', backend: to('shop') }];
      const body = ingress(name, path, { annotations, host: `${name}.example` });
      return { ...body, spec: { ...body.spec, ingressClassName: 'outer' } };
    };
    await made(ingressUrl, classed('one'));
    await eventually(async () =>
      expect(await messagesOf('one')).toContain(
        'FailedBuildModel: Failed build model due to invalid ingress class: outer: IngressClassParams.elbv2.k8s.aws "outer" not found',
      ),
    );
    const spec = {
      ...{ scheme: 'internet-facing', group: { name: 'outside' }, inboundCIDRs: ['10.0.0.0/8'] },
      namespaceSelector: { matchLabels: { zone: 'outer' } },
      tags: [{ key: 'team', value: 'red' }],
      loadBalancerAttributes: [{ key: 'idle_timeout.timeout_seconds', value: '120' }],
    };
    await made(paramsUrl, {
      ...{
        apiVersion: 'elbv2.k8s.aws/v1beta1',
        kind: 'IngressClassParams',
        metadata: { name: 'outer' },
        spec,
      },
    });
    await eventually(async () =>
      expect(await messagesOf('one')).toContain(
        'invalid ingress class: outer: the namespaceSelector of its IngressClassParams outer does not select default',
      ),
    );
    await cluster.call(
      'PATCH',
      '/api/v1/namespaces/default',
      { metadata: { labels: { zone: 'outer' } } },
      patch,
    );
    await made(ingressUrl, classed('two'));
    const rules = ['one.example -> shop:1', 'two.example -> shop:1', ' -> fixed-response 404'];
    await eventually(async () => {
      expect((await seen('two')).rules).toEqual(rules);
      expect(await hostnameOf('one')).toBe(await hostnameOf('two'));
    });
    const elb = 'elasticloadbalancing';
    const { balancer } = await seen('two');
    expect(balancer?.Scheme).toBe('internet-facing');
    const LoadBalancerArn = balancer?.LoadBalancerArn ?? '';
    const { TagDescriptions = [] } = await server.ask(elb, 'DescribeTags', {
      ResourceArns: [LoadBalancerArn],
    });
    expect(TagDescriptions[0]?.Tags).toEqual(
      expect.arrayContaining([
        { Key: 'team', Value: 'red' },
        { Key: 'tier', Value: 'front' },
        { Key: 'ingress.eks.amazonaws.com/stack', Value: 'outside' },
      ]),
    );
    const idle = async () => {
      const { Attributes } = await server.ask(elb, 'DescribeLoadBalancerAttributes', { LoadBalancerArn });
      return Attributes?.find(({ Key }) => Key === 'idle_timeout.timeout_seconds')?.Value;
    };
    expect(await idle()).toBe('120');
    const longer = [{ key: 'idle_timeout.timeout_seconds', value: '240' }];
    await cluster.call('PATCH', `${paramsUrl}/outer`, { spec: { loadBalancerAttributes: longer } }, patch);
    await eventually(async () => expect(await idle()).toBe('240'));
    // One of a namespace that is not selected has no part in it, whatever its annotations say.
    await made('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'stowaway' } });
    const stowaway = classed('three');
    await made('/apis/networking.k8s.io/v1/namespaces/stowaway/ingresses', {
      ...stowaway,
      metadata: { ...stowaway.metadata, annotations: { [`${of}group.name`]: 'outside' } },
    });
    await cluster.call('DELETE', `${ingressUrl}/one`);
    await eventually(async () => expect((await seen('two')).rules).toEqual(rules.slice(1)));
    await cluster.call('DELETE', '/apis/networking.k8s.io/v1/namespaces/stowaway/ingresses/three');

    // Without them it can't be made, and still it goes with all that was made for it.
    await cluster.call('DELETE', `${paramsUrl}/outer`);
    await cluster.call('DELETE', `${ingressUrl}/two`);
    await eventually(async () => expect(await remaining()).toEqual([0, 0, 0]));
  });

  it.each([
    [{ listeners: [{ port: 80 }] }, 'spec.listeners is not supported'],
    [{ authenticationConfiguration: { type: 'oidc' } }, 'spec.authenticationConfiguration is not supported'],
    [{ ipAddressType: 'dualstack' }, 'spec.ipAddressType: dualstack is not supported'],
    [{ subnets: { tags: { a: ['b'] } } }, 'spec.subnets: tags is not supported'],
  ])('has no parameters with %j', async (spec, why) => {
    const { status, text } = await cluster.call('POST', '/apis/elbv2.k8s.aws/v1beta1/ingressclassparams', {
      ...{ apiVersion: 'elbv2.k8s.aws/v1beta1', kind: 'IngressClassParams', metadata: { name: 'bad' }, spec },
    });
    expect([status, text]).toEqual([422, expect.stringContaining(why)]);
  });

  it('is left alone when it is of another class', async () => {
    await made('/apis/networking.k8s.io/v1/ingressclasses', {
      ...{ apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'nginx' } },
      spec: { controller: 'k8s.io/ingress-nginx' },
    });
    const paths = [{ path: '/', pathType: 'Prefix', backend: to('shop') }];
    const other = ingress('other', paths);
    await made(ingressUrl, { ...other, spec: { ...other.spec, ingressClassName: 'nginx' } });
    await server.reconcilers.idle();
    expect(await hostnameOf('other')).toBeUndefined();
  });
});
