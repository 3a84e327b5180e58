import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';
import { addNode } from './testing/node.ts';

let server: EksServer;
let cluster: TestCluster;

beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbour');
});
afterAll(() => server[Symbol.asyncDispose]());

const core = '/api/v1/namespaces/default/services';
const sliceUrl = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';

const service = (name: string, annotations: Record<string, string> = {}, spec: object = {}) => ({
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { name, annotations } },
  spec: { type: 'LoadBalancer', ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec },
});

/** Where the pods of a service without a selector are. */
const slice = (name: string, addresses: readonly string[], conditions = {}) => ({
  ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
  metadata: { name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
  endpoints: addresses.map((address) => ({
    addresses: [address],
    conditions: { ready: true, ...conditions },
  })),
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
});

async function made(path: string, body: object): Promise<void> {
  const { status, text } = await cluster.call('POST', path, body);
  expect([status, text.slice(0, 400)]).toEqual([201, expect.any(String)]);
  await server.reconcilers.idle();
}

const hostnameOf = async (name: string): Promise<string | undefined> =>
  (await cluster.call('GET', `${core}/${name}`)).json.status.loadBalancer.ingress?.[0]?.hostname;

async function balancerOf(name: string) {
  const hostname = await hostnameOf(name);
  const { LoadBalancers = [] } = await server.ask('elasticloadbalancing', 'DescribeLoadBalancers', {});
  const balancer = LoadBalancers.find(({ DNSName }) => DNSName === hostname);
  const LoadBalancerArn = balancer?.LoadBalancerArn ?? 'none';
  const { Listeners = [] } = await server.ask('elasticloadbalancing', 'DescribeListeners', {
    LoadBalancerArn,
  });
  const { TargetGroups = [] } = await server.ask('elasticloadbalancing', 'DescribeTargetGroups', {
    LoadBalancerArn,
  });
  const targets = await Promise.all(
    TargetGroups.map(async ({ TargetGroupArn = '' }) => {
      const { TargetHealthDescriptions = [] } = await server.ask(
        'elasticloadbalancing',
        'DescribeTargetHealth',
        { TargetGroupArn },
      );
      const taking = TargetHealthDescriptions.filter(
        ({ TargetHealth }) => TargetHealth?.State !== 'draining',
      );
      return taking.map(({ Target }) => `${Target?.Id}:${Target?.Port}`).sort();
    }),
  );
  return { balancer, Listeners, TargetGroups, targets: targets.flat() };
}

const messagesOf = async (name: string): Promise<readonly string[]> => {
  const { json } = await cluster.call(
    'GET',
    `/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=${name}`,
  );
  return json.items.map(
    ({ reason, message }: { reason: string; message: string }) => `${reason}: ${message}`,
  );
};

/** What others still hold on to is looked at again a second later. */
const eventually = (check: () => Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 20_000, interval: 50 });

const remaining = async (): Promise<readonly number[]> => {
  const { LoadBalancers = [] } = await server.ask('elasticloadbalancing', 'DescribeLoadBalancers', {});
  const { TargetGroups = [] } = await server.ask('elasticloadbalancing', 'DescribeTargetGroups', {});
  const { SecurityGroups = [] } = await server.ask('ec2', 'DescribeSecurityGroups', {});
  const own = SecurityGroups.filter(({ GroupName }) => GroupName?.startsWith('k8s-'));
  return [LoadBalancers.length, TargetGroups.length, own.length];
};

describe('a Service of the type LoadBalancer', () => {
  it('has a network load balancer that sends to its ready pods, and follows them', async () => {
    await made(sliceUrl, slice('web', ['172.31.0.50', '172.31.16.51']));
    await made(core, service('web'));
    const first = await balancerOf('web');
    expect(first.balancer).toMatchObject({
      ...{ Type: 'network', Scheme: 'internet-facing' },
      LoadBalancerName: expect.stringMatching(/^k8s-default-web-[0-9a-f]{10}$/),
    });
    expect(first.Listeners).toMatchObject([{ Port: 80, Protocol: 'TCP' }]);
    expect(first.TargetGroups).toMatchObject([
      { Protocol: 'TCP', TargetType: 'ip', HealthCheckProtocol: 'TCP', HealthCheckIntervalSeconds: 10 },
    ]);
    expect(first.targets).toEqual(['172.31.0.50:8080', '172.31.16.51:8080']);
    expect(await messagesOf('web')).toContain('SuccessfullyReconciled: Successfully reconciled');

    await cluster.call('PUT', `${sliceUrl}/web-1`, slice('web', ['172.31.16.51', '172.31.0.52']));
    await eventually(async () =>
      expect((await balancerOf('web')).targets).toEqual(['172.31.0.52:8080', '172.31.16.51:8080']),
    );
    const second = await balancerOf('web');
    expect(second.balancer?.LoadBalancerArn).toBe(first.balancer?.LoadBalancerArn);

    // A second port, and another that goes.
    await cluster.call(
      'PATCH',
      `${core}/web`,
      { spec: { ports: [{ name: 'http', port: 8081, targetPort: 8080 }] } },
      { 'content-type': 'application/merge-patch+json' },
    );
    await eventually(async () => {
      const third = await balancerOf('web');
      expect(third.Listeners).toMatchObject([{ Port: 8081 }]);
      expect(third.TargetGroups).toHaveLength(1);
    });

    await cluster.call('DELETE', `${core}/web`);
    await eventually(async () => expect((await cluster.call('GET', `${core}/web`)).status).toBe(404));
    expect(await remaining()).toEqual([0, 0, 0]);
  });

  it('is told by annotations: scheme, health check, sources, tags', async () => {
    const of = 'service.beta.kubernetes.io/aws-load-balancer-';
    await made(
      core,
      service(
        'inner',
        {
          ...{ [`${of}type`]: 'external', [`${of}nlb-target-type`]: 'ip', [`${of}name`]: 'inner-nlb' },
          ...{ [`${of}healthcheck-protocol`]: 'HTTP', [`${of}healthcheck-path`]: '/ready' },
          ...{
            [`${of}additional-resource-tags`]: 'team=blue',
            [`${of}attributes`]: 'deletion_protection.enabled=false',
          },
          ...{ [`${of}access-log-enabled`]: 'true', [`${of}access-log-s3-bucket-name`]: 'logbook' },
          ...{
            [`${of}access-log-s3-bucket-prefix`]: 'inner',
            [`${of}cross-zone-load-balancing-enabled`]: 'true',
          },
        },
        { loadBalancerSourceRanges: ['10.0.0.0/8'] },
      ),
    );
    const { balancer, TargetGroups } = await balancerOf('inner');
    expect(balancer).toMatchObject({ LoadBalancerName: 'inner-nlb', Scheme: 'internal' });
    expect(TargetGroups).toMatchObject([
      { HealthCheckProtocol: 'HTTP', HealthCheckPath: '/ready', Matcher: { HttpCode: '200-399' } },
    ]);
    const { Attributes } = await server.ask('elasticloadbalancing', 'DescribeLoadBalancerAttributes', {
      LoadBalancerArn: balancer?.LoadBalancerArn,
    });
    expect(Attributes).toEqual(
      expect.arrayContaining([
        { Key: 'access_logs.s3.enabled', Value: 'true' },
        { Key: 'access_logs.s3.bucket', Value: 'logbook' },
        { Key: 'access_logs.s3.prefix', Value: 'inner' },
        { Key: 'load_balancing.cross_zone.enabled', Value: 'true' },
      ]),
    );
    const { SecurityGroups = [] } = await server.ask('ec2', 'DescribeSecurityGroups', {
      GroupIds: balancer?.SecurityGroups ?? [],
    });
    expect(SecurityGroups[0]?.IpPermissions).toMatchObject([
      { FromPort: 80, ToPort: 80, IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
    ]);

    // Another scheme is another load balancer; a name of one's own stays, so this one's is left to be made.
    const changed = {
      metadata: { annotations: { [`${of}name`]: null, [`${of}scheme`]: 'internet-facing' } },
    };
    await cluster.call('PATCH', `${core}/inner`, changed, { 'content-type': 'application/merge-patch+json' });
    await eventually(async () => {
      expect((await balancerOf('inner')).balancer).toMatchObject({ Scheme: 'internet-facing' });
      expect(await remaining()).toEqual([1, 1, 1]);
    });
  });

  it('is where its annotations say, lets in whom they say, and moves when they say something else', async () => {
    const of = 'service.beta.kubernetes.io/aws-load-balancer-';
    const patch = { 'content-type': 'application/merge-patch+json' };
    const annotate = (annotations: Record<string, string | null>) =>
      cluster.call('PATCH', `${core}/placed`, { metadata: { annotations } }, patch);
    const { Subnets = [] } = await server.ask('ec2', 'DescribeSubnets', {});
    const [one = '', other = ''] = Subnets.map(({ SubnetId }) => SubnetId);
    const name = (id: string, Value: string) =>
      server.ask('ec2', 'CreateTags', { Resources: [id], Tags: [{ Key: 'Name', Value }] });
    await name(one, 'quay');
    const { AllocationId = '' } = await server.ask('ec2', 'AllocateAddress', {});
    const { PrefixList: { PrefixListId = '' } = {} } = await server.ask('ec2', 'CreateManagedPrefixList', {
      ...{ PrefixListName: 'offices', AddressFamily: 'IPv4', MaxEntries: 1 },
    });
    const { CertificateArn = '' } = await server.ask('acm', 'RequestCertificate', {
      ...{ DomainName: 'placed.example', ValidationMethod: 'DNS' },
    });
    const ports = [
      { name: 'http', port: 80, targetPort: 8080 },
      { name: 'tls', port: 443, targetPort: 8443 },
    ];
    const annotations = {
      [`${of}subnets`]: 'quay',
      [`${of}eip-allocations`]: AllocationId,
      [`${of}security-group-prefix-lists`]: PrefixListId,
      [`${of}listener-attributes.TCP-80`]: 'tcp.idle_timeout.seconds=400',
      [`${of}ssl-cert`]: CertificateArn,
      [`${of}ssl-ports`]: 'tls',
      [`${of}alpn-policy`]: 'HTTP2Preferred',
      [`${of}healthcheck-port`]: 'http',
    };
    await made(core, service('placed', annotations, { ports }));
    await eventually(async () => {
      const { balancer, Listeners, TargetGroups } = await balancerOf('placed');
      expect(balancer?.AvailabilityZones).toMatchObject([
        { SubnetId: one, LoadBalancerAddresses: [{ AllocationId }] },
      ]);
      const listeners = Listeners.map(
        ({ Port, Protocol, AlpnPolicy }) => `${Protocol}:${Port} ${AlpnPolicy}`,
      );
      expect(listeners.sort()).toEqual(['TCP:80 undefined', 'TLS:443 HTTP2Preferred']);
      expect(TargetGroups.map(({ HealthCheckPort }) => HealthCheckPort)).toEqual(['8080', '8080']);
    });
    const { balancer, Listeners } = await balancerOf('placed');
    const { ListenerArn } = Listeners.find(({ Port }) => Port === 80) ?? {};
    const shown = await server.ask('elasticloadbalancing', 'DescribeListenerAttributes', { ListenerArn });
    expect(shown.Attributes).toEqual([{ Key: 'tcp.idle_timeout.seconds', Value: '400' }]);
    const { SecurityGroups: [own] = [] } = await server.ask('ec2', 'DescribeSecurityGroups', {
      GroupIds: balancer?.SecurityGroups ?? [],
    });
    expect(own?.IpPermissions).toMatchObject([
      { FromPort: 80, IpRanges: [], PrefixListIds: [{ PrefixListId }] },
      { FromPort: 443, IpRanges: [], PrefixListIds: [{ PrefixListId }] },
    ]);

    const { GroupId = '' } = await server.ask('ec2', 'CreateSecurityGroup', {
      ...{ GroupName: 'given', Description: 'given', VpcId: Subnets[0]?.VpcId ?? '' },
    });
    await name(GroupId, 'gate');
    const count = (await remaining())[2] ?? 0;
    await annotate({ [`${of}security-groups`]: 'gate', [`${of}eip-allocations`]: null });
    await eventually(async () => {
      expect((await balancerOf('placed')).balancer?.SecurityGroups).toEqual([GroupId]);
      expect((await remaining())[2]).toBe(count - 1);
    });
    await annotate({ [`${of}manage-backend-security-group-rules`]: 'true', [`${of}subnets`]: other });
    await eventually(async () => {
      const { balancer } = await balancerOf('placed');
      expect(balancer?.SecurityGroups).toEqual([GroupId, expect.not.stringMatching(own?.GroupId ?? '')]);
      expect(balancer?.AvailabilityZones).toMatchObject([{ SubnetId: other }]);
    });
    await annotate({ [`${of}subnets`]: 'nowhere' });
    await eventually(async () =>
      expect((await messagesOf('placed')).join()).toContain(
        'FailedBuildModel: Failed build model due to there is no subnet nowhere in the VPC of the cluster',
      ),
    );
    await annotate({ [`${of}subnets`]: null });
    await cluster.call('DELETE', `${core}/placed`);
    await eventually(async () => expect((await cluster.call('GET', `${core}/placed`)).status).toBe(404));
    await server.ask('ec2', 'DeleteSecurityGroup', { GroupId });
  });

  it('has the private addresses that it names, and sends to the nodes with its labels at their node port', async () => {
    const of = 'service.beta.kubernetes.io/aws-load-balancer-';
    const [front, back] = ['i-0123456789abcdef0', 'i-0123456789abcdef1'];
    await addNode(server, cluster, { name: 'front', id: front, labels: { tier: 'front' } });
    await addNode(server, cluster, { name: 'back', id: back, labels: { tier: 'back' } });
    const ports = [{ port: 80, targetPort: 8080, nodePort: 30_080 }];
    const { Subnets = [] } = await server.ask('ec2', 'DescribeSubnets', {});
    const subnetOf = (CidrBlock: string) =>
      Subnets.find((each) => each.CidrBlock === CidrBlock)?.SubnetId ?? '';
    const [first, second] = [subnetOf('172.31.0.0/20'), subnetOf('172.31.16.0/20')];
    const annotations = {
      [`${of}scheme`]: 'internal',
      [`${of}subnets`]: `${first},${second}`,
      [`${of}private-ipv4-addresses`]: '172.31.16.71,172.31.0.70',
      [`${of}nlb-target-type`]: 'instance',
      [`${of}target-node-labels`]: 'tier=front',
    };
    await made(core, service('noded', annotations, { ports }));
    await eventually(async () => {
      const places = (await balancerOf('noded')).balancer?.AvailabilityZones?.map(
        ({ SubnetId, LoadBalancerAddresses: [address] = [] }) => `${SubnetId} ${address?.PrivateIPv4Address}`,
      );
      expect(places?.sort()).toEqual([`${first} 172.31.0.70`, `${second} 172.31.16.71`].sort());
    });
    await eventually(async () => expect((await balancerOf('noded')).targets).toEqual([`${front}:30080`]));
    const labels = { metadata: { labels: { tier: 'front' } } };
    await cluster.call('PATCH', '/api/v1/nodes/back', labels, {
      'content-type': 'application/merge-patch+json',
    });
    await eventually(async () =>
      expect((await balancerOf('noded')).targets).toEqual([`${front}:30080`, `${back}:30080`]),
    );
    await cluster.call('DELETE', `${core}/noded`);
    await eventually(async () => expect((await cluster.call('GET', `${core}/noded`)).status).toBe(404));
  });

  it('is said to be reached by the earlier one until that has gone, which may not go yet', async () => {
    const of = 'service.beta.kubernetes.io/aws-load-balancer-';
    await made(core, service('kept'));
    const first = await balancerOf('kept');
    const LoadBalancerArn = first.balancer?.LoadBalancerArn ?? '';
    const protect = (Value: string) =>
      server.ask('elasticloadbalancing', 'ModifyLoadBalancerAttributes', {
        ...{ LoadBalancerArn, Attributes: [{ Key: 'deletion_protection.enabled', Value }] },
      });
    const annotate = (name: string, value: string) =>
      cluster.call(
        ...(['PATCH', `${core}/kept`, { metadata: { annotations: { [name]: value } } }] as const),
        { 'content-type': 'application/merge-patch+json' },
      );
    const before = await remaining();
    await protect('true');
    await annotate(`${of}scheme`, 'internal');
    await eventually(async () =>
      expect(await messagesOf('kept')).toContainEqual(expect.stringContaining('deletion protection')),
    );
    expect(await hostnameOf('kept')).toBe(first.balancer?.DNSName);
    await protect('false');
    await annotate('again', 'now');
    await eventually(async () => {
      expect((await balancerOf('kept')).balancer).toMatchObject({ Scheme: 'internal' });
      expect(await remaining()).toEqual(before);
    });
    await cluster.call('DELETE', `${core}/kept`);
    await eventually(async () => expect((await cluster.call('GET', `${core}/kept`)).status).toBe(404));
  });

  it('loses it when it is of another type, and its finalizer with it', async () => {
    const patch = { spec: { type: 'ClusterIP' } };
    await cluster.call('PATCH', `${core}/inner`, patch, { 'content-type': 'application/merge-patch+json' });
    await eventually(async () => {
      const { json } = await cluster.call('GET', `${core}/inner`);
      expect([json.metadata.finalizers, json.status.loadBalancer]).toEqual([undefined, {}]);
    });
    expect(await remaining()).toEqual([0, 0, 0]);
  });

  it.each([
    [{ 'aws-load-balancer-scheme': 'outside' }, 'scheme: outside is none of internal, internet-facing'],
    [{ 'aws-load-balancer-healthcheck-interval': 'soon' }, 'healthcheck-interval: soon is no whole number'],
    [{ 'aws-load-balancer-attributes': 'x' }, 'attributes: x should have the form key=value'],
    [
      { 'aws-load-balancer-private-ipv4-addresses': '172.31.0.9' },
      'private-ipv4-addresses: they are for internal load balancers',
    ],
    [
      { 'aws-load-balancer-scheme': 'internal', 'aws-load-balancer-eip-allocations': 'eipalloc-1' },
      'eip-allocations: they are for internet-facing load balancers',
    ],
    [
      { 'aws-load-balancer-listener-attributes.TCP-81': 'tcp.idle_timeout.seconds=400' },
      'listener-attributes.TCP-81: there is no such listener',
    ],
    [
      { 'aws-load-balancer-healthcheck-port': 'metrics' },
      'healthcheck-port: metrics is neither traffic-port, nor a port, nor the name of one',
    ],
    [{ 'aws-load-balancer-quic-enabled-ports': '80' }, 'quic-enabled-ports: it is not supported'],
    [{ 'aws-load-balancer-ip-address-type': 'dualstack' }, 'ip-address-type: dualstack is none of ipv4'],
  ])('says by an event why %j makes none', async (given, why) => {
    const annotations = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [`service.beta.kubernetes.io/${name}`, value]),
    );
    await made(core, service('wrong', annotations));
    expect((await messagesOf('wrong')).join()).toContain(
      'FailedBuildModel: Failed build model due to invalid annotation',
    );
    expect((await messagesOf('wrong')).join()).toContain(why);
    await cluster.call('DELETE', `${core}/wrong`);
    await eventually(async () => expect((await cluster.call('GET', `${core}/wrong`)).status).toBe(404));
  });

  it('touches nothing that has the name it chooses and is somebody else’s', async () => {
    const { Subnets = [] } = await server.ask('ec2', 'DescribeSubnets', {});
    const { GroupId = '' } = await server.ask('ec2', 'CreateSecurityGroup', {
      ...{ GroupName: 'theirs', Description: 'theirs', VpcId: Subnets[0]?.VpcId ?? '' },
    });
    const opened = [{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: '10.0.0.0/8' }] }];
    await server.ask('ec2', 'AuthorizeSecurityGroupIngress', { GroupId, IpPermissions: opened });
    const { LoadBalancers: [theirs] = [] } = await server.ask('elasticloadbalancing', 'CreateLoadBalancer', {
      ...{ Name: 'theirs', Type: 'network', Subnets: [Subnets[0]?.SubnetId ?? ''] },
      Tags: [{ Key: 'service.eks.amazonaws.com/stack', Value: 'default/taker' }],
    });
    const LoadBalancerArn = theirs?.LoadBalancerArn ?? '';
    const { TargetGroups: [group] = [] } = await server.ask('elasticloadbalancing', 'CreateTargetGroup', {
      ...{ Name: 'theirs', Protocol: 'TCP', Port: 443, TargetType: 'ip', VpcId: Subnets[0]?.VpcId ?? '' },
    });
    await server.ask('elasticloadbalancing', 'CreateListener', {
      ...{ LoadBalancerArn, Protocol: 'TCP', Port: 443 },
      DefaultActions: [{ Type: 'forward', TargetGroupArn: group?.TargetGroupArn ?? '' }],
    });
    const untouched = async (): Promise<void> => {
      expect(await remaining()).toEqual([1, 1, 0]);
      expect(
        await server.ask('elasticloadbalancing', 'DescribeListeners', { LoadBalancerArn }),
      ).toMatchObject({ Listeners: [{ Port: 443 }] });
      expect(await server.ask('ec2', 'DescribeSecurityGroups', { GroupIds: [GroupId] })).toMatchObject({
        SecurityGroups: [{ IpPermissions: [{ FromPort: 443 }] }],
      });
    };

    const name = 'service.beta.kubernetes.io/aws-load-balancer-name';
    const tags = 'service.beta.kubernetes.io/aws-load-balancer-additional-resource-tags';
    await made(core, service('taker', { [name]: 'theirs', [tags]: 'eks:eks-cluster-name=other' }));
    expect((await messagesOf('taker')).join()).toContain(
      "FailedDeployModel: Failed deploy model due to DuplicateLoadBalancerNameException: A load balancer with the name 'theirs' exists and is somebody else's",
    );
    await untouched();
    await cluster.call('DELETE', `${core}/taker`);
    await eventually(async () => expect((await cluster.call('GET', `${core}/taker`)).status).toBe(404));
    await untouched();

    await server.ask('elasticloadbalancing', 'DeleteLoadBalancer', { LoadBalancerArn });
    await server.ask('elasticloadbalancing', 'DeleteTargetGroup', {
      TargetGroupArn: group?.TargetGroupArn ?? '',
    });
  });

  it('is left alone when it is of somebody else’s class', async () => {
    await made(core, service('other', {}, { loadBalancerClass: 'example.com/lb' }));
    expect(await hostnameOf('other')).toBeUndefined();
    expect(await remaining()).toEqual([0, 0, 0]);
  });
});
