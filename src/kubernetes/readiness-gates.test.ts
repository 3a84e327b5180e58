import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { targetHealths, targetKey } from '../services/elbv2/records.ts';
import { type EksServer, scope, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let cluster: TestCluster;

beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbour');
  await made('/api/v1/namespaces', {
    ...{ apiVersion: 'v1', kind: 'Namespace' },
    metadata: { name: 'shop', labels: { 'elbv2.k8s.aws/pod-readiness-gate-inject': 'enabled' } },
  });
  for (const namespace of ['shop', 'default']) {
    await made(`/api/v1/namespaces/${namespace}/services`, {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    await made(ingresses(namespace), {
      ...{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' },
      metadata: { name: 'site', annotations: { 'alb.ingress.kubernetes.io/target-type': 'ip' } },
      spec: {
        ingressClassName: 'alb',
        defaultBackend: { service: { name: 'web', port: { number: 80 } } },
      },
    });
  }
});
afterAll(() => server[Symbol.asyncDispose]());

const ingresses = (namespace: string): string =>
  `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`;
const pods = (namespace: string): string => `/api/v1/namespaces/${namespace}/pods`;
const merge = { 'content-type': 'application/strategic-merge-patch+json' };
const gate = /^target-health\.elbv2\.k8s\.aws\/(k8s-shop-web-[0-9a-f]{10})$/;

async function made(path: string, body: object) {
  const { status, text, json } = await cluster.call('POST', path, body);
  expect([status, text.slice(0, 400)]).toEqual([201, expect.any(String)]);
  return json;
}

const eventually = (check: () => Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 20_000, interval: 50 });

/** @returns the gates of a new pod. */
async function newPod(name: string, namespace: string, app: string): Promise<readonly string[]> {
  const { spec } = await made(pods(namespace), {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app } } },
    spec: { containers: [{ name: 'app', image: 'web' }] },
  });
  return (spec.readinessGates ?? []).map(({ conditionType }: { conditionType: string }) => conditionType);
}

/** As the kubelet tells it. */
const runs = (name: string, podIP: string, containersReady: 'True' | 'False') =>
  cluster.call(
    'PATCH',
    `${pods('shop')}/${name}/status`,
    {
      status: {
        ...{ phase: 'Running', podIP, podIPs: [{ ip: podIP }] },
        conditions: [
          { type: 'ContainersReady', status: containersReady },
          { type: 'Ready', status: 'False' },
        ],
      },
    },
    merge,
  );

async function targetsOf(groupName: string) {
  const elb = 'elasticloadbalancing';
  const { TargetGroups: [group] = [] } = await server.ask(elb, 'DescribeTargetGroups', {
    Names: [groupName],
  });
  const TargetGroupArn = group?.TargetGroupArn ?? '';
  const { TargetHealthDescriptions = [] } = await server.ask(elb, 'DescribeTargetHealth', { TargetGroupArn });
  return {
    groupId: TargetGroupArn.split('/').at(-1) ?? '',
    ids: TargetHealthDescriptions.map(({ Target }) => `${Target?.Id}:${Target?.Port}`),
  };
}

describe('pods in a namespace that asks for readiness gates', () => {
  it('are ready when they are healthy in the target groups that send to them, and not before', async () => {
    await eventually(async () => {
      for (const namespace of ['shop', 'default']) {
        const { json } = await cluster.call('GET', `${ingresses(namespace)}/site`);
        expect(json.status?.loadBalancer.ingress).toHaveLength(1);
      }
    });
    expect(await newPod('elsewhere', 'default', 'web')).toEqual([]);
    expect(await newPod('other', 'shop', 'other')).toEqual([]);
    const [type = '', ...others] = await newPod('web', 'shop', 'web');
    expect(others).toEqual([]);
    const [, groupName = ''] = gate.exec(type) ?? [];
    expect(groupName).not.toBe('');

    const podIP = '172.31.0.60';
    await runs('web', podIP, 'False');
    await eventually(async () => {
      const slices = '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices';
      const { json } = await cluster.call('GET', slices);
      expect(json.items[0]?.endpoints?.[0]?.conditions?.ready).toBe(false);
    });
    await server.reconcilers.idle();
    expect((await targetsOf(groupName)).ids).toEqual([]);

    await runs('web', podIP, 'True');
    const conditionOf = async () => {
      const { json } = await cluster.call('GET', `${pods('shop')}/web`);
      const conditions: { readonly type: string }[] = json.status.conditions;
      return conditions.find((each) => each.type === type);
    };
    await eventually(async () => {
      expect((await targetsOf(groupName)).ids).toEqual([`${podIP}:8080`]);
      expect(await conditionOf()).toMatchObject({
        ...{ status: 'False', reason: 'Elb.RegistrationInProgress' },
        message: 'Target registration is in progress',
      });
    });

    const { groupId } = await targetsOf(groupName);
    await server.state.transact((tx) => {
      const target = { targetGroupId: groupId, id: podIP, port: 8_080 };
      const healthy = { targetGroupId: groupId, state: 'healthy' as const };
      tx.put(targetHealths, targetKey(targetHealths, scope, target), healthy);
    });
    await eventually(async () => expect(await conditionOf()).toMatchObject({ status: 'True' }));
    expect(await conditionOf()).not.toHaveProperty('reason');
    expect((await targetsOf(groupName)).ids).toEqual([`${podIP}:8080`]);
  });
});
