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
}, 120_000);

it('A rollout behind a load balancer waits until its pods are healthy there, where the namespace asks for it', async () => {
  const k = (...args: string[]) => cluster.k('-n', 'shop', ...args);
  await cluster.aws(
    ...['iam', 'attach-role-policy', '--role-name', 'harbor'],
    ...['--policy-arn', 'arn:aws:iam::aws:policy/AmazonEKSClusterPolicy'],
  );
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
  await k('rollout', 'status', 'deployment/web', '--timeout=50s');
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
}, 180_000);

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
