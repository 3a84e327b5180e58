import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadBalancerPlan } from '../plans/plan.ts';
import { loadBalancers } from '../records.ts';
import { type ElbServer, startElb } from '../testing/elb-server.ts';

let server: ElbServer;
let LoadBalancerArn: string;
let group: string;
beforeEach(async () => {
  server = await startElb();
  LoadBalancerArn = await server.loadBalancer('front');
  group = await server.targetGroup('web');
});
afterEach(() => server[Symbol.asyncDispose]());

const refused = (name: string, message: string | RegExp) => ({
  name,
  message: expect.stringMatching(message),
});
const forward = (TargetGroupArn: string) => ({ Type: 'forward', TargetGroupArn }) as const;
const certificate = (digit: number) =>
  `arn:aws:acm:eu-west-1:111122223333:certificate/0000000${digit}-0000-4000-8000-000000000000`;

async function usersOf(TargetGroupArn: string) {
  const { TargetGroups } = await server.elb.describeTargetGroups({ TargetGroupArns: [TargetGroupArn] });
  return TargetGroups?.[0]?.LoadBalancerArns;
}

describe('listeners', () => {
  it('are as AWS shows them, with a default rule', async () => {
    const { elb } = server;
    const ListenerArn = await server.listener(LoadBalancerArn, group);
    expect(ListenerArn).toMatch(
      /^arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener\/app\/front\/[0-9a-f]{16}\/[0-9a-f]{16}$/,
    );
    const DefaultActions = [
      {
        ...{ Type: 'forward', TargetGroupArn: group },
        ForwardConfig: {
          TargetGroups: [{ TargetGroupArn: group, Weight: 1 }],
          TargetGroupStickinessConfig: { Enabled: false },
        },
      },
    ];
    const { Listeners } = await elb.describeListeners({ LoadBalancerArn });
    expect(Listeners).toEqual([{ ListenerArn, LoadBalancerArn, Port: 80, Protocol: 'HTTP', DefaultActions }]);
    const { Rules } = await elb.describeRules({ ListenerArn });
    expect(Rules).toEqual([
      {
        RuleArn: expect.stringContaining(':listener-rule/app/front/'),
        ...{ Priority: 'default', Conditions: [], Actions: DefaultActions, IsDefault: true, Transforms: [] },
      },
    ]);
    await expect(elb.describeListeners({})).rejects.toMatchObject(
      refused('ValidationError', /^You must specify either listener ARNs or a load balancer ARN$/),
    );
  });

  it('say what is wrong with them', async () => {
    const other = await server.targetGroup('tcp', { Protocol: 'TCP' });
    const grpc = await server.targetGroup('grpc', { ProtocolVersion: 'GRPC' });
    await server.listener(LoadBalancerArn, group);
    const create = (more: object) =>
      server.elb.createListener({
        ...{ LoadBalancerArn, Protocol: 'HTTP', Port: 81, DefaultActions: [forward(group)] },
        ...more,
      });
    const cases: readonly (readonly [object, string, RegExp])[] = [
      [{ Port: 80 }, 'DuplicateListenerException', /^A listener already exists on this port/],
      [{ Port: undefined }, 'ValidationError', /^A listener port must be specified$/],
      [{ Protocol: 'TCP' }, 'ValidationError', /^Listener protocol 'TCP' must be one of 'HTTP, HTTPS'$/],
      [{ Protocol: 'HTTPS' }, 'ValidationError', /^A certificate must be specified for HTTPS listeners$/],
      [
        { Protocol: 'HTTPS', Certificates: [{ CertificateArn: certificate(9) }] },
        'CertificateNotFoundException',
        /is not found$/,
      ],
      [
        {
          Protocol: 'HTTPS',
          Certificates: [{ CertificateArn: 'arn:aws:iam::111122223333:server-certificate/x' }],
        },
        'UnsupportedOperation',
        /^Server certificates of IAM/,
      ],
      [{ DefaultActions: [forward(other)] }, 'IncompatibleProtocolsException', /with the protocol 'TCP'$/],
      [{ DefaultActions: [forward(grpc)] }, 'IncompatibleProtocolsException', /protocol-version 'GRPC'$/],
      [{ DefaultActions: [forward(`${group.slice(0, -1)}x`)] }, 'TargetGroupNotFoundException', /not found$/],
      [{ MutualAuthentication: { Mode: 'verify' } }, 'UnsupportedOperation', /^Mutual TLS/],
      [{ LoadBalancerArn: 'x' }, 'LoadBalancerNotFoundException', /not found$/],
    ];
    for (const [more, name, message] of cases)
      await expect(create(more), JSON.stringify(more)).rejects.toMatchObject(refused(name, message));
  });

  it('hold the target groups they send to', async () => {
    const { elb } = server;
    expect(await usersOf(group)).toEqual([]);
    const one = await server.listener(LoadBalancerArn, group);
    const two = await server.listener(LoadBalancerArn, group, { Port: 81 });
    expect(await usersOf(group)).toEqual([LoadBalancerArn]);
    const inUse = refused('ResourceInUseException', /is currently in use by a listener or a rule$/);
    await expect(elb.deleteTargetGroup({ TargetGroupArn: group })).rejects.toMatchObject(inUse);
    const other = await server.loadBalancer('other');
    await expect(server.listener(other, group)).rejects.toMatchObject(
      refused(
        'TargetGroupAssociationLimitException',
        /cannot be associated with more than one load balancer/,
      ),
    );
    await elb.deleteListener({ ListenerArn: one });
    await expect(elb.deleteTargetGroup({ TargetGroupArn: group })).rejects.toMatchObject(inUse);
    const second = await server.targetGroup('second');
    await elb.modifyListener({ ListenerArn: two, DefaultActions: [forward(second)] });
    expect(await usersOf(group)).toEqual([]);
    expect(await usersOf(second)).toEqual([LoadBalancerArn]);
    await elb.deleteTargetGroup({ TargetGroupArn: group });
    await elb.deleteLoadBalancer({ LoadBalancerArn });
    expect(await usersOf(second)).toEqual([]);
    await expect(elb.deleteListener({ ListenerArn: two })).rejects.toMatchObject(
      refused('ListenerNotFoundException', /^One or more listeners not found$/),
    );
  });

  it('move to another port, and leave theirs to others', async () => {
    const ListenerArn = await server.listener(LoadBalancerArn, group);
    await server.elb.modifyListener({ ListenerArn, Port: 8080 });
    await server.listener(LoadBalancerArn, group);
    await expect(server.elb.modifyListener({ ListenerArn, Port: 80 })).rejects.toMatchObject({
      name: 'DuplicateListenerException',
    });
  });

  it('speak TLS with certificates', async () => {
    const { elb, certificates } = server;
    for (const digit of [1, 2, 3]) certificates.add(certificate(digit));
    const Certificates = [{ CertificateArn: certificate(1) }];
    const ListenerArn = await server.listener(LoadBalancerArn, group, {
      ...{ Protocol: 'HTTPS', Port: 443, Certificates },
    });
    const described = await elb.describeListeners({ ListenerArns: [ListenerArn] });
    expect(described.Listeners).toMatchObject([
      { Certificates, SslPolicy: 'ELBSecurityPolicy-2016-08', MutualAuthentication: { Mode: 'off' } },
    ]);
    await elb.addListenerCertificates({ ListenerArn, Certificates: [{ CertificateArn: certificate(2) }] });
    expect((await elb.describeListenerCertificates({ ListenerArn })).Certificates).toEqual([
      { CertificateArn: certificate(1), IsDefault: true },
      { CertificateArn: certificate(2), IsDefault: false },
    ]);
    await expect(elb.removeListenerCertificates({ ListenerArn, Certificates })).rejects.toMatchObject({
      name: 'OperationNotPermittedException',
    });
    await elb.modifyListener({
      ...{ ListenerArn, SslPolicy: 'ELBSecurityPolicy-TLS13-1-3-2021-06' },
      Certificates: [{ CertificateArn: certificate(3) }],
    });
    await elb.removeListenerCertificates({ ListenerArn, Certificates: [{ CertificateArn: certificate(2) }] });
    expect((await elb.describeListenerCertificates({ ListenerArn })).Certificates).toEqual([
      { CertificateArn: certificate(3), IsDefault: true },
    ]);
    await expect(elb.modifyListener({ ListenerArn, SslPolicy: 'x' })).rejects.toMatchObject(
      refused('SSLPolicyNotFoundException', /^SSL policy 'x' not found$/),
    );
    expect((await elb.describeSSLPolicies({})).SslPolicies?.length).toBeGreaterThan(10);
  });

  it('of layer 4 forward to one group, and have an idle timeout', async () => {
    const { elb, subnetIds } = server;
    const network = await server.loadBalancer('net', { Type: 'network', Subnets: subnetIds.slice(0, 1) });
    const tcp = await server.targetGroup('tcp', { Protocol: 'TCP' });
    const ListenerArn = await server.listener(network, tcp, { Protocol: 'TCP' });
    await elb.modifyListenerAttributes({
      ...{ ListenerArn, Attributes: [{ Key: 'tcp.idle_timeout.seconds', Value: '60' }] },
    });
    expect((await elb.describeListenerAttributes({ ListenerArn })).Attributes).toEqual([
      { Key: 'tcp.idle_timeout.seconds', Value: '60' },
    ]);
    await expect(
      server.listener(network, tcp, {
        ...{ Protocol: 'TCP', Port: 81 },
        DefaultActions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '200' } }],
      }),
    ).rejects.toMatchObject({ name: 'ValidationError' });
  });

  it('give their answers headers, and take away who answered', async () => {
    const { elb, state } = server;
    const ListenerArn = await server.listener(LoadBalancerArn, group);
    const key = (header: string) => `routing.http.response.${header}.header_value`;
    const set = (Key: string, Value: string) =>
      elb.modifyListenerAttributes({ ListenerArn, Attributes: [{ Key, Value }] });
    await set('routing.http.response.server.enabled', 'false');
    await set(key('strict_transport_security'), 'max-age=31536000; includeSubDomains');
    await set(key('access_control_allow_credentials'), 'true');
    await set(key('access_control_allow_credentials'), '');
    for (const [header, value] of [
      ['x_content_type_options', 'sniff'],
      ['access_control_max_age', 'soon'],
      ['content_security_policy', 'a\u00e9'],
    ] as const)
      await expect(set(key(header), value)).rejects.toMatchObject({ name: 'ValidationError' });
    await expect(set('routing.http.response.server.header_value', 'x')).rejects.toThrow('is not recognized');
    const [balancer] = [...state.list(loadBalancers)].filter(({ value }) => value.arn === LoadBalancerArn);
    const plan = balancer && loadBalancerPlan(state, balancer.key);
    expect(plan?.listeners.find(({ arn }) => arn === ListenerArn)?.answerHeaders).toEqual([
      { name: 'Server' },
      { name: 'Strict-Transport-Security', value: 'max-age=31536000; includeSubDomains' },
    ]);
  });

  it('carry tags, and so do their rules', async () => {
    const { elb } = server;
    const ListenerArn = await server.listener(LoadBalancerArn, group, { Tags: [{ Key: 'a', Value: 'b' }] });
    const { Rules } = await elb.describeRules({ ListenerArn });
    const ResourceArns = [Rules?.[0]?.RuleArn ?? '', ListenerArn];
    await elb.addTags({ ResourceArns, Tags: [{ Key: 'c', Value: 'd' }] });
    expect(
      (await elb.describeTags({ ResourceArns })).TagDescriptions?.map(({ Tags }) => Tags?.length),
    ).toEqual([1, 2]);
  });
});
