import { paginateDescribeTargetGroups } from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ElbServer, startElb } from '../testing/elb-server.ts';

let server: ElbServer;
beforeEach(async () => {
  server = await startElb();
});
afterEach(() => server[Symbol.asyncDispose]());

const refused = (name: string, message: string | RegExp) => ({
  name,
  message: expect.stringMatching(message),
});

describe('target groups', () => {
  it('are as AWS makes them by default', async () => {
    const { elb, vpcId } = server;
    const made = await elb.createTargetGroup({ Name: 'web', Protocol: 'HTTP', Port: 80, VpcId: vpcId });
    expect(made.TargetGroups).toEqual([
      {
        TargetGroupArn: expect.stringMatching(
          /^arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup\/web\/[0-9a-f]{16}$/,
        ),
        ...{ TargetGroupName: 'web', Protocol: 'HTTP', ProtocolVersion: 'HTTP1', Port: 80, VpcId: vpcId },
        ...{ HealthCheckProtocol: 'HTTP', HealthCheckPort: 'traffic-port', HealthCheckEnabled: true },
        ...{ HealthCheckIntervalSeconds: 30, HealthCheckTimeoutSeconds: 5, HealthCheckPath: '/' },
        ...{ HealthyThresholdCount: 5, UnhealthyThresholdCount: 2, Matcher: { HttpCode: '200' } },
        ...{ LoadBalancerArns: [], TargetType: 'instance', IpAddressType: 'ipv4' },
      },
    ]);
    const ofLayer4 = { Name: 'db', Protocol: 'TCP', Port: 5432, VpcId: vpcId, TargetType: 'ip' } as const;
    expect((await elb.createTargetGroup(ofLayer4)).TargetGroups?.[0]).toMatchObject({
      ...{ HealthCheckProtocol: 'TCP', HealthCheckTimeoutSeconds: 10, TargetType: 'ip' },
    });
    const grpc = { Name: 'grpc', Protocol: 'HTTP', Port: 80, VpcId: vpcId, ProtocolVersion: 'GRPC' } as const;
    expect((await elb.createTargetGroup(grpc)).TargetGroups?.[0]).toMatchObject({
      ...{ HealthCheckPath: '/AWS.ALB/healthcheck', Matcher: { GrpcCode: '12' } },
    });
  });

  it('are there once for a name, and answered with again', async () => {
    const first = await server.targetGroup('web');
    expect(await server.targetGroup('web')).toBe(first);
    await expect(server.targetGroup('web', { Port: 81 })).rejects.toMatchObject(
      refused(
        'DuplicateTargetGroupNameException',
        /^A target group with the same name 'web' exists, but with different settings$/,
      ),
    );
  });

  it.each([
    [{ Name: 'a'.repeat(33) }, /^Target group name 'a+' cannot be longer than '32' characters$/],
    [{ Name: 'a_b' }, /can only contain characters that are alphanumeric characters or hyphens\(-\)$/],
    [{ Name: '-a' }, /^Target group name '-a' cannot begin or end with '-'$/],
    [{ Port: undefined }, /^A port must be specified$/],
    [{ Protocol: undefined }, /^A protocol must be specified$/],
    [{ VpcId: undefined }, /^A VPC ID must be specified$/],
    [{ VpcId: 'vpc-0123456789abcdef0' }, /^The VPC ID 'vpc-0123456789abcdef0' is not found$/],
    [{ Port: 70_000 }, /must be a number between 1 and 65535$/],
    [{ HealthCheckTimeoutSeconds: 30 }, /^Health check timeout '30' must be smaller than the interval '30'$/],
    [{ HealthCheckIntervalSeconds: 4 }, /^Health check interval '4' must be between '5' and '300'$/],
    [{ HealthCheckPath: 'x' }, /must begin with a '\/' character$/],
    [{ HealthCheckPort: 'x' }, /^Health check port 'x' must be/],
    [{ HealthCheckProtocol: 'TCP' }, /^Health check protocol 'TCP' must be one of '\[HTTP, HTTPS\]'$/],
    [{ Matcher: { HttpCode: '2xx' } }, /^HttpCode '2xx' must be like 200 \| 200-399 \| 200,201/],
    [{ Matcher: { HttpCode: '299-200' } }, /^HttpCode '299-200' must be/],
    [{ ProtocolVersion: 'HTTP3' }, /^Protocol version 'HTTP3' must be one of/],
    [{ Tags: [{ Key: 'aws:x', Value: 'y' }] }, /aws: prefixed/],
  ])('refuse %o', async (more, message) => {
    await expect(server.targetGroup('web', more)).rejects.toMatchObject(refused('ValidationError', message));
  });

  it.each([
    [{ TargetType: 'lambda' }],
    [{ TargetType: 'alb' }],
    [{ Protocol: 'GENEVE' }],
    [{ IpAddressType: 'ipv6' }],
  ])('say that %o isn’t built', async (more) => {
    await expect(server.targetGroup('web', more)).rejects.toMatchObject(
      refused('UnsupportedOperation', /not supported by this version of Catamaran yet\.$/),
    );
  });

  it('are found by ARN, by name and in pages', async () => {
    const { elb } = server;
    const arns = await Promise.all(['a', 'b', 'c'].map((name) => server.targetGroup(name)));
    const byName = await elb.describeTargetGroups({ Names: ['b'] });
    expect(byName.TargetGroups?.map(({ TargetGroupArn }) => TargetGroupArn)).toEqual([arns[1]]);
    const found: (string | undefined)[] = [];
    for await (const page of paginateDescribeTargetGroups({ client: elb, pageSize: 2 }, {}))
      found.push(...(page.TargetGroups ?? []).map(({ TargetGroupArn }) => TargetGroupArn));
    expect(found).toEqual(arns);
    const missing = refused('TargetGroupNotFoundException', /^One or more target groups not found$/);
    await expect(elb.describeTargetGroups({ Names: ['d'] })).rejects.toMatchObject(missing);
    await expect(elb.describeTargetGroups({ TargetGroupArns: [`${arns[0]}0`] })).rejects.toMatchObject(
      missing,
    );
    await expect(elb.describeTargetGroups({ PageSize: 401 })).rejects.toMatchObject(
      refused('ValidationError', /pageSize/),
    );
  });

  it('change their health checks, and what they leave out stays', async () => {
    const TargetGroupArn = await server.targetGroup('web', { HealthCheckPath: '/up' });
    const { TargetGroups } = await server.elb.modifyTargetGroup({
      ...{ TargetGroupArn, HealthCheckIntervalSeconds: 10, Matcher: { HttpCode: '200-299' } },
    });
    expect(TargetGroups).toMatchObject([
      { HealthCheckPath: '/up', HealthCheckIntervalSeconds: 10, Matcher: { HttpCode: '200-299' } },
    ]);
  });

  it('have attributes', async () => {
    const { elb } = server;
    const TargetGroupArn = await server.targetGroup('web');
    const change = (Key: string, Value: string) =>
      elb.modifyTargetGroupAttributes({ TargetGroupArn, Attributes: [{ Key, Value }] });
    await change('deregistration_delay.timeout_seconds', '10');
    const { Attributes = [] } = await elb.describeTargetGroupAttributes({ TargetGroupArn });
    const values = Object.fromEntries(Attributes.map(({ Key = '', Value }) => [Key, Value]));
    expect(values).toMatchObject({
      'deregistration_delay.timeout_seconds': '10',
      'stickiness.type': 'lb_cookie',
      'slow_start.duration_seconds': '0',
    });
    const invalid = (message: RegExp) => refused('ValidationError', message);
    await expect(change('deregistration_delay.timeout_seconds', '3601')).rejects.toMatchObject(
      invalid(/must be between '0' and '3600'$/),
    );
    await expect(change('proxy_protocol_v2.enabled', 'true')).rejects.toMatchObject(
      invalid(/^Target group attribute key 'proxy_protocol_v2.enabled' is not recognized$/),
    );
    await expect(change('toString', 'x')).rejects.toMatchObject(invalid(/is not recognized$/));
    await change('slow_start.duration_seconds', '30');
    await expect(change('load_balancing.algorithm.type', 'least_outstanding_requests')).rejects.toMatchObject(
      invalid(/^Slow start/),
    );
    await expect(change('load_balancing.algorithm.anomaly_mitigation', 'on')).rejects.toMatchObject({
      name: 'UnsupportedOperation',
    });
  });

  it.each([
    ['preserve_client_ip.enabled', 'true', 'TCP'],
    ['preserve_client_ip.enabled', 'true', 'UDP'],
    ['target_health_state.unhealthy.connection_termination.enabled', 'true', 'TCP'],
    ['target_health_state.unhealthy.draining_interval_seconds', '60', 'TCP'],
  ] as const)(
    'of layer 4 refuse by name what nobody carries out: %s %s of %s',
    async (Key, Value, Protocol) => {
      const { elb } = server;
      const TargetGroupArn = await server.targetGroup('flows', { Protocol });
      await expect(
        elb.modifyTargetGroupAttributes({ TargetGroupArn, Attributes: [{ Key, Value }] }),
      ).rejects.toMatchObject({
        name: 'UnsupportedOperation',
        message: expect.stringMatching(
          /\((?:preserve_client_ip\.enabled|target_health_state\.unhealthy)\) are not supported/,
        ),
      });
      const { Attributes = [] } = await elb.describeTargetGroupAttributes({ TargetGroupArn });
      const shown = Attributes.find((attribute) => attribute.Key === Key)?.Value;
      expect(shown).toBe(Key.endsWith('seconds') ? '0' : 'false');
    },
  );

  it('go, and going again is success', async () => {
    const TargetGroupArn = await server.targetGroup('web');
    await server.elb.registerTargets({ TargetGroupArn, Targets: [{ Id: '172.31.0.9' }] });
    await server.elb.deleteTargetGroup({ TargetGroupArn });
    await server.elb.deleteTargetGroup({ TargetGroupArn });
    expect(await server.targetGroup('web')).not.toBe(TargetGroupArn);
  });

  it('carry tags', async () => {
    const { elb } = server;
    const TargetGroupArn = await server.targetGroup('web', { Tags: [{ Key: 'pier', Value: 'nine' }] });
    const ResourceArns = [TargetGroupArn];
    await elb.addTags({ ResourceArns, Tags: [{ Key: 'crew' }] });
    await elb.removeTags({ ResourceArns, TagKeys: ['pier'] });
    expect((await elb.describeTags({ ResourceArns })).TagDescriptions).toEqual([
      { ResourceArn: TargetGroupArn, Tags: [{ Key: 'crew', Value: '' }] },
    ]);
    const Tags = [{ Key: 'a' }, { Key: 'a' }];
    await expect(elb.addTags({ ResourceArns, Tags })).rejects.toMatchObject({
      name: 'DuplicateTagKeysException',
    });
    await expect(elb.describeTags({ ResourceArns: [`${TargetGroupArn.slice(0, -1)}x`] })).rejects.toThrow();
  });
});
