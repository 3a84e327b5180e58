import { paginateDescribeRules } from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listeners } from '../records.ts';
import { type ElbServer, startElb } from '../testing/elb-server.ts';

let server: ElbServer;
let ListenerArn: string;
let group: string;
beforeEach(async () => {
  server = await startElb();
  group = await server.targetGroup('web');
  ListenerArn = await server.listener(await server.loadBalancer('front'), group);
});
afterEach(() => server[Symbol.asyncDispose]());

const refused = (name: string, message: string | RegExp) => ({
  name,
  message: expect.stringMatching(message),
});
const path = (...Values: string[]) => ({ Field: 'path-pattern', Values });
const ok = { Type: 'fixed-response', FixedResponseConfig: { StatusCode: '200' } } as const;

async function rule(Priority: number, more: object = {}): Promise<string> {
  const made = await server.elb.createRule({
    ...{ ListenerArn, Priority, Conditions: [path(`/${Priority}`)], Actions: [ok] },
    ...more,
  });
  return made.Rules?.[0]?.RuleArn ?? '';
}

async function priorities(): Promise<readonly (string | undefined)[]> {
  const { Rules = [] } = await server.elb.describeRules({ ListenerArn });
  return Rules.map(({ Priority, Conditions }) => `${Priority} ${Conditions?.[0]?.Values?.[0] ?? ''}`.trim());
}

describe('rules', () => {
  it('are tried by their priorities, the default one last', async () => {
    await rule(20);
    await rule(3);
    await rule(100);
    expect(await priorities()).toEqual(['3 /3', '20 /20', '100 /100', 'default']);
    await expect(rule(20)).rejects.toMatchObject(
      refused('PriorityInUseException', /^Priority '20' is currently in use$/),
    );
    const found: (string | undefined)[] = [];
    for await (const page of paginateDescribeRules({ client: server.elb, pageSize: 3 }, { ListenerArn }))
      found.push(...(page.Rules ?? []).map(({ Priority }) => Priority));
    expect(found).toEqual(['3', '20', '100', 'default']);
    await expect(server.elb.describeRules({})).rejects.toMatchObject(
      refused('ValidationError', /^You must specify either listener rule ARNs or a listener ARN$/),
    );
  });

  it('take each other’s place at once', async () => {
    const { elb } = server;
    const [one, two] = [await rule(1), await rule(2)];
    await rule(3);
    const set = (...given: [RuleArn: string, Priority: number][]) =>
      elb.setRulePriorities({ RulePriorities: given.map(([RuleArn, Priority]) => ({ RuleArn, Priority })) });
    const { Rules } = await set([one, 2], [two, 1]);
    expect(Rules?.map(({ RuleArn }) => RuleArn)).toEqual([two, one]);
    expect(await priorities()).toEqual(['1 /2', '2 /1', '3 /3', 'default']);
    await expect(set([one, 3])).rejects.toMatchObject(refused('PriorityInUseException', /'3'/));
    await expect(set([one, 9], [two, 9])).rejects.toMatchObject(
      refused('ValidationError', /^Priority '9' was provided multiple times$/),
    );
    const { Rules: all = [] } = await elb.describeRules({ ListenerArn });
    const byDefault = all.at(-1)?.RuleArn ?? '';
    await expect(set([byDefault, 9])).rejects.toMatchObject({ name: 'OperationNotPermittedException' });
    await expect(elb.deleteRule({ RuleArn: byDefault })).rejects.toMatchObject(
      refused('OperationNotPermittedException', /^Default rule '.+' cannot be deleted$/),
    );
  });

  it('change and go', async () => {
    const { elb } = server;
    const RuleArn = await rule(1);
    const { Rules } = await elb.modifyRule({ RuleArn, Conditions: [path('/x')] });
    expect(Rules).toMatchObject([{ Priority: '1', Conditions: [{ Values: ['/x'] }], Actions: [ok] }]);
    const second = await server.targetGroup('second');
    await elb.modifyRule({ RuleArn, Actions: [{ Type: 'forward', TargetGroupArn: second }] });
    await expect(elb.deleteTargetGroup({ TargetGroupArn: second })).rejects.toMatchObject({
      name: 'ResourceInUseException',
    });
    await elb.deleteRule({ RuleArn });
    await elb.deleteTargetGroup({ TargetGroupArn: second });
    await expect(elb.deleteRule({ RuleArn })).rejects.toMatchObject(
      refused('RuleNotFoundException', /^One or more rules not found$/),
    );
  });

  it('show conditions and actions in both forms', async () => {
    const second = await server.targetGroup('second');
    const RuleArn = await rule(1, {
      Conditions: [
        { Field: 'host-header', HostHeaderConfig: { Values: ['*.example.com'] } },
        { Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'X-Pier', Values: ['nine'] } },
        { Field: 'query-string', QueryStringConfig: { Values: [{ Key: 'a', Value: 'b' }] } },
        { Field: 'source-ip', SourceIpConfig: { Values: ['10.0.0.0/8'] } },
      ],
      Actions: [
        {
          Type: 'forward',
          ForwardConfig: {
            TargetGroups: [
              { TargetGroupArn: group, Weight: 9 },
              { TargetGroupArn: second, Weight: 0 },
            ],
            TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: 60 },
          },
        },
      ],
    });
    const { Rules } = await server.elb.describeRules({ RuleArns: [RuleArn] });
    expect(Rules?.[0]?.Conditions?.[0]).toEqual({
      ...{ Field: 'host-header', Values: ['*.example.com'], HostHeaderConfig: { Values: ['*.example.com'] } },
    });
    expect(Rules?.[0]?.Actions?.[0]?.TargetGroupArn).toBeUndefined();
    expect(Rules?.[0]?.Actions?.[0]?.ForwardConfig).toMatchObject({
      TargetGroups: [{ Weight: 9 }, { Weight: 0 }],
      TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: 60 },
    });
  });

  it('have transforms until they are reset', async () => {
    const { elb } = server;
    const rewrites = { Rewrites: [{ Regex: '^/api/(.*)$', Replace: '/$1' }] };
    const Transforms = [{ Type: 'url-rewrite', UrlRewriteConfig: rewrites } as const];
    const RuleArn = await rule(1, { Transforms });
    const shown = async () => (await elb.describeRules({ RuleArns: [RuleArn] })).Rules?.[0]?.Transforms;
    expect(await shown()).toEqual(Transforms);
    await elb.modifyRule({ RuleArn, Conditions: [path('/x')] });
    expect(await shown()).toEqual(Transforms);
    await expect(elb.modifyRule({ RuleArn, Transforms, ResetTransforms: true })).rejects.toMatchObject(
      refused('ValidationError', /both/),
    );
    await elb.modifyRule({ RuleArn, ResetTransforms: true });
    expect(await shown()).toEqual([]);
  });

  it('can be a hundred on a load balancer', async () => {
    for (let priority = 1; priority <= 100; priority += 1) await rule(priority);
    await expect(rule(101)).rejects.toMatchObject(refused('TooManyRulesException', /100/));
  });
});

describe('rules that authenticate', () => {
  const certificate = 'arn:aws:acm:eu-west-1:111122223333:certificate/x';
  const config = {
    Issuer: 'https://idp.example',
    AuthorizationEndpoint: 'https://idp.example/authorize',
    TokenEndpoint: 'https://idp.example/token',
    UserInfoEndpoint: 'https://idp.example/userinfo',
    ClientId: 'harbour',
  };
  const actions = (more: object) =>
    [
      { Type: 'authenticate-oidc', Order: 1, AuthenticateOidcConfig: { ...config, ...more } },
      { ...ok, Order: 2 },
    ] as const;

  it('show all but their secret, which stays when it is not given again', async () => {
    const { elb, certificates, state } = server;
    certificates.add(certificate);
    const { LoadBalancers: [balancer] = [] } = await elb.describeLoadBalancers({});
    const given = actions({ ClientSecret: 'hush-hush' });
    const { Listeners: [secured] = [] } = await elb.createListener({
      ...{ LoadBalancerArn: balancer?.LoadBalancerArn, Protocol: 'HTTPS', Port: 443 },
      ...{ Certificates: [{ CertificateArn: certificate }], DefaultActions: [...given] },
    });
    const shown = {
      ...config,
      SessionCookieName: 'AWSELBAuthSessionCookie',
      ...{ Scope: 'openid', SessionTimeout: 604_800, AuthenticationRequestExtraParams: {} },
      OnUnauthenticatedRequest: 'authenticate',
    };
    expect(secured?.DefaultActions).toEqual([
      { Type: 'authenticate-oidc', Order: 1, AuthenticateOidcConfig: shown },
      { ...ok, Order: 2 },
    ]);
    ListenerArn = secured?.ListenerArn ?? '';
    const RuleArn = await rule(1, { Actions: given });
    expect(JSON.stringify(await elb.describeRules({ ListenerArn }))).not.toContain('hush-hush');
    expect(JSON.stringify([...state.list(listeners)])).not.toContain('hush-hush');
    const sealed = () => {
      const found = [...state.list(listeners)].flatMap(({ value }) => value.rules);
      const guard = found.find(({ arn }) => arn === RuleArn)?.guard;
      return guard?.type === 'authenticate-oidc' ? guard.sealedClientSecret : undefined;
    };
    const before = sealed();
    const again = actions({ UseExistingClientSecret: true, Scope: 'openid email' });
    const { Rules } = await elb.modifyRule({ RuleArn, Actions: [...again] });
    expect(Rules?.[0]?.Actions?.[0]?.AuthenticateOidcConfig).toEqual({ ...shown, Scope: 'openid email' });
    expect(sealed()).toBe(before);
    await elb.modifyRule({ RuleArn, Conditions: [path('/other')] });
    expect(sealed()).toBe(before);
    await elb.modifyRule({ RuleArn, Actions: [...actions({ ClientSecret: 'another' })] });
    expect(sealed()).not.toBe(before);
    await elb.modifyRule({ RuleArn, Actions: [ok] });
    expect(sealed()).toBeUndefined();
    const without = { UseExistingClientSecret: true };
    await expect(elb.modifyRule({ RuleArn, Actions: [...actions(without)] })).rejects.toMatchObject(
      refused('InvalidLoadBalancerActionException', /^You must specify a client secret$/),
    );
  });

  it('are on HTTPS listeners only', async () => {
    await expect(rule(1, { Actions: actions({ ClientSecret: 'x' }) })).rejects.toMatchObject(
      refused('InvalidLoadBalancerActionException', /are supported only on HTTPS listeners$/),
    );
  });
});
