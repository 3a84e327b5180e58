import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';
import { addNode } from './testing/node.ts';

let server: EksServer;
let cluster: TestCluster;
let vpcId: string;

const elb = 'elasticloadbalancing';
const core = '/api/v1/namespaces/default/services';
const bindings = '/apis/elbv2.k8s.aws/v1beta1/namespaces/default/targetgroupbindings';

beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbour');
  const { Vpcs = [] } = await server.ask('ec2', 'DescribeVpcs', {});
  vpcId = Vpcs[0]?.VpcId ?? '';
  await made(core, {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } },
    spec: { type: 'NodePort', ports: [{ name: 'http', port: 80, targetPort: 8080, nodePort: 30_080 }] },
  });
  await made('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
    ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
    metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
    endpoints: [{ addresses: ['172.31.0.60'], conditions: { ready: true } }],
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  });
});
afterAll(() => server[Symbol.asyncDispose]());

async function made(path: string, body: object): Promise<void> {
  const { status, text } = await cluster.call('POST', path, body);
  expect([status, text.slice(0, 400)]).toEqual([201, expect.any(String)]);
}

const patched = (path: string, body: object) =>
  cluster.call('PATCH', path, body, { 'content-type': 'application/merge-patch+json' });

const eventually = (check: () => Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 20_000, interval: 50 });

async function targetGroup(Name: string, TargetType: 'instance' | 'ip' = 'ip'): Promise<string> {
  const { TargetGroups = [] } = await server.ask(elb, 'CreateTargetGroup', {
    ...{ Name, TargetType, Protocol: 'HTTP', Port: 80, VpcId: vpcId },
  });
  return TargetGroups[0]?.TargetGroupArn ?? '';
}

async function targetsOf(TargetGroupArn: string): Promise<readonly string[]> {
  const { TargetHealthDescriptions = [] } = await server.ask(elb, 'DescribeTargetHealth', { TargetGroupArn });
  return TargetHealthDescriptions.map(({ Target }) => `${Target?.Id}:${Target?.Port}`).sort();
}

const binding = (name: string, spec: object) => ({
  ...{ apiVersion: 'elbv2.k8s.aws/v1beta1', kind: 'TargetGroupBinding', metadata: { name } },
  spec: { serviceRef: { name: 'web', port: 'http' }, ...spec },
});

const messagesOf = async (name: string): Promise<string> => {
  const events = `/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=${name}`;
  const { json } = await cluster.call('GET', events);
  return json.items
    .map(({ reason, message }: { reason: string; message: string }) => `${reason}: ${message}`)
    .join();
};

describe('a TargetGroupBinding', () => {
  it('fills a target group with the pods of its Service, and empties it when it goes', async () => {
    const arn = await targetGroup('by-address');
    await made(bindings, binding('web', { targetGroupName: 'by-address' }));
    await eventually(async () => expect(await targetsOf(arn)).toEqual(['172.31.0.60:8080']));
    await eventually(async () => {
      const { json } = await cluster.call('GET', `${bindings}/web`);
      expect(json).toMatchObject({
        metadata: { finalizers: ['elbv2.k8s.aws/resources'] },
        spec: { targetGroupARN: arn, targetType: 'ip', vpcID: vpcId },
        status: { observedGeneration: json.metadata.generation },
      });
    });
    const changed = await patched(`${bindings}/web`, { spec: { targetGroupARN: `${arn}0` } });
    expect([changed.status, changed.text]).toEqual([
      422,
      expect.stringContaining('TargetGroupBinding update may not change these fields: spec.targetGroupARN'),
    ]);
    // What somebody else has registered is not the binding's.
    await server.ask(elb, 'RegisterTargets', { TargetGroupArn: arn, Targets: [{ Id: '172.31.0.99' }] });
    await patched('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/web-1', {
      endpoints: [{ addresses: ['172.31.0.61'], conditions: { ready: true } }],
    });
    await eventually(async () => expect(await targetsOf(arn)).toEqual(['172.31.0.61:8080']));
    await cluster.call('DELETE', `${bindings}/web`);
    await eventually(async () => {
      expect(await targetsOf(arn)).toEqual([]);
      expect((await cluster.call('GET', `${bindings}/web`)).status).toBe(404);
    });
  });

  it('registers the nodes that it selects at the node port', async () => {
    const [front, back] = ['i-0123456789abcdef0', 'i-0123456789abcdef1'];
    await addNode(server, cluster, { name: 'front', id: front, labels: { tier: 'front' } });
    await addNode(server, cluster, { name: 'back', id: back, labels: { tier: 'back' } });
    const arn = await targetGroup('by-node', 'instance');
    const nodeSelector = { matchLabels: { tier: 'front' } };
    await made(bindings, binding('nodes', { targetGroupARN: arn, nodeSelector }));
    await eventually(async () => expect(await targetsOf(arn)).toEqual([`${front}:30080`]));
    await patched('/api/v1/nodes/back', { metadata: { labels: { tier: 'front' } } });
    await eventually(async () => expect(await targetsOf(arn)).toEqual([`${front}:30080`, `${back}:30080`]));
    await cluster.call('DELETE', `${bindings}/nodes`);
    await eventually(async () => expect(await targetsOf(arn)).toEqual([]));
  });

  it('lets in whom its networking names, as long as one of them does', async () => {
    const arn = await targetGroup('let-in');
    const rules = async () => {
      const { SecurityGroups = [] } = await server.ask('ec2', 'DescribeSecurityGroups', {});
      return SecurityGroups.flatMap(({ IpPermissions = [] }) =>
        IpPermissions.flatMap(({ IpRanges = [], IpProtocol, FromPort, ToPort }) =>
          IpRanges.flatMap(({ CidrIp, Description }) =>
            Description === 'elbv2.k8s.aws/targetGroupBinding=shared'
              ? [`${IpProtocol} ${FromPort}-${ToPort} ${CidrIp}`]
              : [],
          ),
        ),
      ).sort();
    };
    const from = [{ ipBlock: { cidr: '10.9.0.0/16' } }];
    const networking = (...ports: object[]) => ({ networking: { ingress: [{ from, ports }] } });
    await made(bindings, binding('one', { targetGroupARN: arn, ...networking({ port: 8080 }) }));
    await made(
      bindings,
      binding('two', { targetGroupARN: arn, ...networking({ port: 8080 }, { port: 53, protocol: 'UDP' }) }),
    );
    await eventually(async () =>
      expect(await rules()).toEqual(['tcp 8080-8080 10.9.0.0/16', 'udp 53-53 10.9.0.0/16']),
    );
    await cluster.call('DELETE', `${bindings}/two`);
    await eventually(async () => expect(await rules()).toEqual(['tcp 8080-8080 10.9.0.0/16']));
    await cluster.call('DELETE', `${bindings}/one`);
    await eventually(async () => expect(await rules()).toEqual([]));
  });

  it('has new pods wait for their health in its target group, where their namespace asks for it', async () => {
    const arn = await targetGroup('gated');
    const namespace = '/api/v1/namespaces/default';
    await patched(namespace, {
      metadata: { labels: { 'elbv2.k8s.aws/pod-readiness-gate-inject': 'enabled' } },
    });
    await made(core, {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'gated' } },
      spec: { selector: { app: 'gated' }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    await made(bindings, binding('gate', { targetGroupARN: arn, serviceRef: { name: 'gated', port: 80 } }));
    await eventually(async () =>
      expect((await cluster.call('GET', `${bindings}/gate`)).json.status?.observedGeneration).toBeDefined(),
    );
    await made(`${namespace}/pods`, {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'gated', labels: { app: 'gated' } } },
      spec: { containers: [{ name: 'main', image: 'busybox' }] },
    });
    const { json } = await cluster.call('GET', `${namespace}/pods/gated`);
    expect(json.spec.readinessGates).toEqual([{ conditionType: 'target-health.elbv2.k8s.aws/gate' }]);
    await cluster.call('DELETE', `${bindings}/gate`);
  });

  it('says by an event what is not there', async () => {
    const arn = await targetGroup('without');
    const serviceRef = { name: 'nobody', port: 80 };
    await made(bindings, binding('lost', { targetGroupARN: arn, serviceRef }));
    await made(bindings, binding('groupless', { targetGroupName: 'nowhere' }));
    await made(bindings, binding('mistaken', { targetGroupARN: arn, targetType: 'instance' }));
    await eventually(async () => {
      expect(await messagesOf('lost')).toContain(
        'BackendNotFound: backend not found: Service "default/nobody" not found',
      );
      expect(await messagesOf('groupless')).toContain('the target group nowhere is not there');
      expect(await messagesOf('mistaken')).toContain(
        'the targetType of the target group is ip, not instance',
      );
    });
    for (const name of ['lost', 'groupless', 'mistaken']) await cluster.call('DELETE', `${bindings}/${name}`);
  });

  it.each([
    [{}, 'must specify either spec.targetGroupARN or spec.targetGroupName'],
    [{ targetType: 'ip', nodeSelector: {} }, 'cannot set NodeSelector when TargetType is ip'],
    [{ multiClusterTargetGroup: true }, 'spec.multiClusterTargetGroup is not supported'],
    [{ iamRoleArnToAssume: 'arn' }, 'spec.iamRoleArnToAssume is not supported'],
    [{ ipAddressType: 'ipv6' }, 'spec.ipAddressType: ipv6 is not supported'],
  ])('is refused with %j', async (spec, why) => {
    const named = why.includes('either') ? {} : { targetGroupName: 'x' };
    const { status, text } = await cluster.call('POST', bindings, binding('bad', { ...named, ...spec }));
    expect([status, text]).toEqual([422, expect.stringContaining(why)]);
  });
});
