import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EKS } from '@aws-sdk/client-eks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Container, DockerRuntime } from '../../src/runtime/index.ts';
import { waitFor } from './installation.ts';
import { PodCluster } from './pod-cluster.ts';
import { PrivateEngine } from './private-engine.ts';

/** What is needed of a pod. */
interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly state: { readonly waiting?: { readonly reason?: string } };
    }[];
  };
}

/** Containers die under a cluster's load. Afterwards all is as it was asked for, and nothing is left over. The Engine is the test's own. */
describe('a cluster under load', () => {
  let engine: PrivateEngine;
  let runtime: DockerRuntime;
  let cluster: PodCluster;
  let installationId: string;
  const k = (...args: string[]) => cluster.k(...args);

  beforeAll(async () => {
    engine = await PrivateEngine.start({ liveRestore: false });
    runtime = await engine.runtime();
    cluster = await PodCluster.start(2, { engine });
    const file = await readFile(join(cluster.installation.stateDirectory, 'installation.json'), 'utf8');
    installationId = JSON.parse(file).id;
    await cluster.apply(
      workload('Deployment', 'web', serve, { replicas: 4 }),
      workload('StatefulSet', 'db', serve, { replicas: 3, serviceName: 'db' }),
    );
    await both();
  }, 300_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await runtime?.[Symbol.asyncDispose]();
    await engine?.[Symbol.asyncDispose]();
  }, 120_000);

  const workload = (kind: string, name: string, command: string, more: object) => ({
    ...{ apiVersion: 'apps/v1', kind, metadata: { name } },
    spec: {
      ...{ selector: { matchLabels: { app: name } }, ...more },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          ...{ terminationGracePeriodSeconds: 0, automountServiceAccountToken: false },
          containers: [cluster.container(command)],
        },
      },
    },
  });
  const serve = 'mkdir /www && hostname > /www/index.html && exec httpd -f -p 8080 -h /www';

  async function podsOf(selector: string): Promise<readonly Pod[]> {
    const { items } = JSON.parse(await k('get', 'pods', '-l', selector, '-o', 'json'));
    return items;
  }
  const isReady = ({ metadata, status }: Pod): boolean =>
    metadata.deletionTimestamp === undefined &&
    status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
  const ids = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata.uid).toSorted();
  const addresses = (pods: readonly Pod[]) => pods.map(({ status }) => status.podIP).toSorted();

  /** Those of one workload, once they are as many as wanted and Ready. */
  async function ready(app: string, count: number): Promise<readonly Pod[]> {
    let seen: readonly Pod[] = [];
    return waitFor(
      `${count} pods of ${app}`,
      async () => {
        seen = await podsOf(`app=${app}`);
        return seen.length === count && seen.every(isReady) ? seen : undefined;
      },
      () => seen.map(({ metadata, status }) => ({ metadata: metadata.name, status })),
      120_000,
    );
  }

  /** The pods of `web` and of `db`, whose names are their ordinals. */
  async function both(): Promise<readonly Pod[]> {
    const [web, db] = [await ready('web', 4), await ready('db', 3)];
    expect(db.map(({ metadata }) => metadata.name).toSorted()).toEqual(['db-0', 'db-1', 'db-2']);
    return [...web, ...db];
  }

  const containers = () => runtime.listContainers({ 'catamaran.installation': installationId });
  const ofPod = (all: readonly Container[], { metadata }: Pod) =>
    all.find(({ labels }) => labels['io.kubernetes.pod.uid'] === metadata.uid);

  it('has its pods as they were when somebody kills and removes their containers', async () => {
    const before = await ready('web', 4);
    const all = await containers();
    const sandboxes = await runtime.listSandboxes({ 'catamaran.installation': installationId });
    const [killed, removed, adrift, stopped] = before;
    if (!killed || !removed || !adrift || !stopped) throw new Error('There are four pods');
    const nameOf = (pod: Pod) => ofPod(all, pod)?.name ?? '';
    await runtime.stopContainer(nameOf(killed), 0);
    await runtime.removeContainer(nameOf(removed));
    const sandbox = sandboxes.find(({ labels }) => labels['io.kubernetes.pod.uid'] === adrift.metadata.uid);
    await runtime.removeSandbox(sandbox?.id ?? '');
    await runtime.removeContainer(nameOf(stopped));
    await waitFor('all to have begun again', async () => {
      const running = (await containers()).filter(({ status }) => status.state === 'running');
      const news = before.map((pod) => ofPod(running, pod)?.runtimeId);
      return news.every((id, at) => id && id !== ofPod(all, before[at] as Pod)?.runtimeId) ? true : undefined;
    });
    const after = await ready('web', 4);
    expect(ids(after)).toEqual(ids(before));
    expect(addresses(after)).toEqual(addresses(before));
    const [db] = await ready('db', 3);
    for (const address of addresses(after))
      await k('exec', db?.metadata.name ?? '', '--', 'wget', '-q', '-O', '-', `http://${address}:8080`);
  }, 180_000);

  it('leaves nothing when it is deleted', async () => {
    await k('delete', 'deployment,statefulset,job', '--all', '--timeout=60s');
    await waitFor('no containers', async () => ((await containers()).length === 0 ? true : undefined));
    const sandboxes = () => runtime.listSandboxes({ 'catamaran.installation': installationId });
    await waitFor('no sandboxes', async () => ((await sandboxes()).length === 0 ? true : undefined));
    const eks = new EKS(cluster.installation.clientOptions());
    const group = { clusterName: 'harbor', nodegroupName: 'blue' };
    await eks.deleteNodegroup(group);
    await waitFor('the node group to go', async () => {
      const { nodegroups } = await eks.listNodegroups(group);
      return nodegroups?.length === 0 ? true : undefined;
    });
    eks.destroy();
    const { NetworkInterfaces = [] } = await cluster.installation.ec2().describeNetworkInterfaces();
    const shown = NetworkInterfaces.map(({ Description }) => Description);
    // Those of the control plane stay with it.
    expect(new Set(shown)).toEqual(new Set(['Amazon EKS harbor']));
  }, 180_000);
});
