import type { Update } from '@aws-sdk/client-eks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from './installation.ts';
import { PodCluster } from './pod-cluster.ts';

const named = { clusterName: 'harbor', nodegroupName: 'blue' };

/** What happens to an application while every node below it is replaced by one of the next version. */
describe('a node group that is updated to another version', () => {
  let cluster: PodCluster;
  let updateId = '';
  const k = (...args: string[]) => cluster.k(...args);
  const update = async (): Promise<Update | undefined> =>
    (await cluster.eks.describeUpdate({ name: 'harbor', nodegroupName: 'blue', updateId })).update;
  /** Kubelets' versions by node, and whether it takes pods. */
  const nodes = async () => {
    const { text } = await cluster.get('/api/v1/nodes');
    const {
      items,
    }: { items: { metadata: { name: string }; spec: { unschedulable?: true }; status: Status }[] } =
      JSON.parse(text);
    return items.map(({ metadata, spec, status }) => ({
      name: metadata.name,
      isOpen: spec.unschedulable !== true,
      isReady: status.conditions.some(({ type, status: it }) => type === 'Ready' && it === 'True'),
      version: status.nodeInfo.kubeletVersion.slice(0, 'v1.36'.length),
    }));
  };
  interface Status {
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
    readonly nodeInfo: { readonly kubeletVersion: string };
  }
  const budget = (minAvailable: number) => ({
    ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'web' } },
    spec: { minAvailable, selector: { matchLabels: { app: 'web' } } },
  });

  beforeAll(async () => {
    cluster = await PodCluster.start(2, { version: '1.35' });
    const web = { app: 'web' };
    await cluster.apply(
      {
        ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } },
        spec: {
          ...{ replicas: 2, selector: { matchLabels: web } },
          template: {
            metadata: { labels: web },
            spec: {
              ...{ terminationGracePeriodSeconds: 10, automountServiceAccountToken: false },
              topologySpreadConstraints: [
                {
                  ...{
                    maxSkew: 1,
                    topologyKey: 'kubernetes.io/hostname',
                    whenUnsatisfiable: 'ScheduleAnyway',
                  },
                  labelSelector: { matchLabels: web },
                },
              ],
              containers: [
                {
                  ...cluster.container(
                    'mkdir -p /www && echo here > /www/index.html && exec httpd -f -p 8080 -h /www',
                  ),
                  readinessProbe: { tcpSocket: { port: 8_080 }, periodSeconds: 1, timeoutSeconds: 10 },
                  // Whoever has heard of it before its end still gets an answer.
                  lifecycle: { preStop: { sleep: { seconds: 8 } } },
                },
              ],
            },
          },
        },
      },
      {
        ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } },
        spec: { selector: web, ports: [{ port: 80, targetPort: 8_080 }] },
      },
      budget(2),
    );
    await k('rollout', 'status', 'deployment/web', '--timeout=100s');
  }, 420_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  it('keeps to disruption budgets, and is answered all the time', async () => {
    expect((await nodes()).map(({ version }) => version)).toEqual(['v1.35', 'v1.35']);
    await cluster.eks.updateClusterVersion({ name: 'harbor', version: '1.36' });
    await waitFor('the control plane to be of the next version', async () => {
      const { cluster: harbor } = await cluster.eks.describeCluster({ name: 'harbor' });
      return harbor?.status === 'ACTIVE' && harbor.version === '1.36' ? true : undefined;
    });
    const asking = new AbortController();
    const failures: string[] = [];
    let answered = 0;
    const ask = async (): Promise<void> => {
      while (!asking.signal.aborted) {
        try {
          const { status, text } = await cluster.get('/api/v1/namespaces/default/services/web:80/proxy/');
          if (status === 200 && text === 'here\n') answered += 1;
          else failures.push(`${status} ${text}`);
        } catch (error) {
          failures.push(String(error));
        }
      }
    };
    const client = ask();
    const started = await cluster.eks.updateNodegroupVersion({ ...named, version: '1.36' });
    updateId = started.update?.id ?? '';
    expect(started.update).toMatchObject({ type: 'VersionUpdate', status: 'InProgress' });

    // A new node comes first; an old one takes no pods any more, and its pod may not go.
    await waitFor('a new node, and an old one that is closed', async () => {
      const all = await nodes();
      const hasNew = all.some(({ version, isReady }) => version === 'v1.36' && isReady);
      return hasNew && all.some(({ isOpen, version }) => !isOpen && version === 'v1.35') ? true : undefined;
    });
    const held = performance.now() + 8_000;
    while (performance.now() < held) {
      expect((await update())?.status).toBe('InProgress');
      expect((await nodes()).filter(({ version }) => version === 'v1.35')).toHaveLength(2);
    }
    const { text } = await cluster.get('/apis/apps/v1/namespaces/default/deployments/web');
    expect(JSON.parse(text).status).toMatchObject({ readyReplicas: 2, availableReplicas: 2 });

    await cluster.apply(budget(1));
    await waitFor(
      'the update to end',
      async () => ((await update())?.status === 'InProgress' ? undefined : true),
      () => failures,
      180_000,
    );
    asking.abort();
    await client;
    expect(await update()).toMatchObject({ status: 'Successful', errors: [] });
    expect((await nodes()).map(({ version, isOpen }) => [version, isOpen])).toEqual([
      ...[
        ['v1.36', true],
        ['v1.36', true],
      ],
    ]);
    const { nodegroup } = await cluster.eks.describeNodegroup(named);
    expect(nodegroup).toMatchObject({ status: 'ACTIVE', version: '1.36', health: { issues: [] } });
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(50);
  }, 480_000);
});
