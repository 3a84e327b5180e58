import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from './installation.ts';
import { PodCluster } from './pod-cluster.ts';

const prefix = 'service.beta.kubernetes.io/aws-load-balancer-';

let cluster: PodCluster;

beforeAll(async () => {
  cluster = await PodCluster.start(1);
}, 300_000);

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

it('A rollout behind a load balancer waits until its pods are healthy there, where the namespace asks for it', async () => {
  const k = (...args: string[]) => cluster.k('-n', 'shop', ...args);
  await cluster.iam.attachRolePolicy({
    RoleName: 'harbor',
    PolicyArn: 'arn:aws:iam::aws:policy/AmazonEKSClusterPolicy',
  });
  const serve = (port: number) => ({
    ...cluster.container(`mkdir /www && exec httpd -f -p ${port} -h /www`),
    ports: [{ name: 'http', containerPort: 8_080 }],
  });
  const deployment = (port: number) => ({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' } },
    spec: {
      ...{ replicas: 1, selector: { matchLabels: { app: 'web' } } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { terminationGracePeriodSeconds: 0, containers: [serve(port)] },
      },
    },
  });
  const labels = { 'elbv2.k8s.aws/pod-readiness-gate-inject': 'enabled' };
  const annotations = {
    [`${prefix}scheme`]: 'internal',
    [`${prefix}nlb-target-type`]: 'ip',
    [`${prefix}healthcheck-interval`]: '5',
    [`${prefix}healthcheck-timeout`]: '2',
  };
  await cluster.apply(
    { ...{ apiVersion: 'v1', kind: 'Namespace' }, metadata: { name: 'shop', labels } },
    {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'shop', annotations } },
      spec: { type: 'LoadBalancer', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
    },
  );
  const hostname = ['-o', 'jsonpath={.status.loadBalancer.ingress[0].hostname}'];
  await waitFor('the load balancer', async () =>
    (await k('get', 'service', 'web', ...hostname)) === '' ? undefined : true,
  );

  await cluster.apply(deployment(8_080));
  await k('rollout', 'status', 'deployment/web', '--timeout=100s');
  const shown = async () => {
    const { items } = JSON.parse(await k('get', 'pods', '-o', 'json')) as { items: readonly Pod[] };
    return items.map(({ metadata, spec, status: { conditions = [] } }) => {
      const [gate = { conditionType: '' }] = spec.readinessGates ?? [];
      const said = (type: string) => conditions.find((each) => each.type === type);
      const health = said(gate.conditionType);
      return {
        name: metadata.name,
        gate: gate.conditionType,
        containersReady: said('ContainersReady')?.status,
        ready: said('Ready')?.status,
        health: [health?.status, health?.reason].filter((word) => word !== undefined).join(' '),
      };
    });
  };
  const [first] = await shown();
  expect(first).toMatchObject({
    gate: expect.stringMatching(/^target-health\.elbv2\.k8s\.aws\/k8s-shop-web-[0-9a-f]{10}$/),
    ...{ ready: 'True', health: 'True' },
  });

  // Its container runs, and nothing answers where the load balancer asks.
  await cluster.apply(deployment(8_081));
  const second = await waitFor('the next pod to be found unhealthy', async () => {
    const pod = (await shown()).find(({ name }) => name !== first?.name);
    return pod?.health === 'False Target.FailedHealthChecks' ? pod : undefined;
  });
  expect(second).toMatchObject({ gate: first?.gate, containersReady: 'True', ready: 'False' });
  expect((await shown()).find(({ name }) => name === first?.name)?.ready).toBe('True');
}, 300_000);

it('A load balancer sends to the node ports of instances that are nodes, and a binding fills a group that is there', async () => {
  const k = (...args: string[]) => cluster.k('-n', 'ports', ...args);
  const annotations = {
    [`${prefix}scheme`]: 'internal',
    [`${prefix}nlb-target-type`]: 'instance',
    [`${prefix}healthcheck-interval`]: '5',
    [`${prefix}healthcheck-timeout`]: '2',
  };
  const named = (name: string) => ({ metadata: { name, namespace: 'ports', labels: { app: name } } });
  const serve = 'mkdir /www && echo hello > /www/index.html && exec httpd -f -p 8080 -h /www';
  const pod = (name: string, script: string) => ({
    ...{ apiVersion: 'v1', kind: 'Pod', ...named(name) },
    spec: { terminationGracePeriodSeconds: 0, containers: [cluster.container(script)] },
  });
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ports' } });
  await k('wait', 'serviceaccount/default', '--for=create', '--timeout=100s');
  await cluster.apply(pod('web', serve), pod('client', 'sleep 3600'), {
    ...{ apiVersion: 'v1', kind: 'Service' },
    metadata: { name: 'web', namespace: 'ports', annotations },
    spec: { type: 'LoadBalancer', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8_080 }] },
  });
  const hostname = await waitFor('the load balancer', async () => {
    const said = await k(
      ...['get', 'service', 'web', '-o', 'jsonpath={.status.loadBalancer.ingress[0].hostname}'],
    );
    return said === '' ? undefined : said;
  });
  await k('wait', 'pod/web', 'pod/client', '--for=condition=Ready', '--timeout=100s');
  const asked = ['exec', 'client', '--', 'timeout', '10', 'wget', '-q', '-O', '-', `http://${hostname}/`];
  await waitFor('an answer through the node port', async () => {
    const { code, stdout } = await cluster.say('-n', 'ports', ...asked);
    return code === 0 && stdout.trim() === 'hello' ? true : undefined;
  });
  const elb = cluster.installation.elb();
  const { LoadBalancers = [] } = await elb.describeLoadBalancers({});
  const balancer = LoadBalancers.find(({ DNSName }) => DNSName === hostname);
  const { TargetGroups: [group] = [] } = await elb.describeTargetGroups({
    LoadBalancerArn: balancer?.LoadBalancerArn,
  });
  const nodePort = await k('get', 'service', 'web', '-o', 'jsonpath={.spec.ports[0].nodePort}');
  const node = await k('get', 'nodes', '-o', 'jsonpath={.items[0].spec.providerID}');
  const target = async (TargetGroupArn: string | undefined): Promise<string> => {
    const { TargetHealthDescriptions: [only] = [] } = await elb.describeTargetHealth({ TargetGroupArn });
    return `${only?.Target?.Id}:${only?.Target?.Port} ${only?.TargetHealth?.State}`;
  };
  await waitFor('the node to be healthy there', async () =>
    (await target(group?.TargetGroupArn)) === `${node.split('/').at(-1)}:${nodePort} healthy`
      ? true
      : undefined,
  );

  const { TargetGroups: [own] = [] } = await elb.createTargetGroup({
    ...{ Name: 'own', TargetType: 'ip', Protocol: 'TCP', Port: 80, VpcId: balancer?.VpcId },
  });
  await cluster.apply({
    ...{ apiVersion: 'elbv2.k8s.aws/v1beta1', kind: 'TargetGroupBinding' },
    metadata: { name: 'web', namespace: 'ports' },
    spec: { targetGroupName: 'own', serviceRef: { name: 'web', port: 80 } },
  });
  const podIp = await k('get', 'pod', 'web', '-o', 'jsonpath={.status.podIP}');
  await waitFor('the target group to have the pod', async () =>
    (await target(own?.TargetGroupArn)).startsWith(`${podIp}:8080 `) ? true : undefined,
  );
  expect(await k('get', 'targetgroupbindings')).toMatch(/^web +web +80 +ip /m);
}, 300_000);

interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly readinessGates?: readonly { readonly conditionType: string }[] };
  readonly status: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
    }[];
  };
}
