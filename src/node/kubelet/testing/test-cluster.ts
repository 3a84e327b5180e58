import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, seededRandom, systemClock } from '../../../clock/index.ts';
import {
  type EksServer,
  type Key,
  scope,
  startEks,
  type TestCluster,
} from '../../../kubernetes/testing/eks-server.ts';
import { recordingLog } from '../../../log.ts';
import { SimulatedMachine } from '../../testing/simulated-machine.ts';
import { type Kubelet, startKubelet } from '../kubelet.ts';
import type { ApiAccess, KubeletOptions, NodeDescription } from '../kubelet-options.ts';
import { FakePodNetwork } from './fake-pod-network.ts';

/** A cluster's API server in this process, for kubelets that are let in as nodes. */
export class TestNodes implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly #server: EksServer;
  readonly #keys = new Map<string, Key>();

  private constructor(server: EksServer, cluster: TestCluster) {
    this.#server = server;
    this.cluster = cluster;
  }

  static async open(): Promise<TestNodes> {
    const server = await startEks();
    const accessConfig = { authenticationMode: 'API_AND_CONFIG_MAP' };
    const cluster = await server.cluster('fleet', { accessConfig });
    const { status, text } = await cluster.call(
      'POST',
      '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
      {
        metadata: { name: 'nodes-of-tests' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:node' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:nodes' }],
      },
    );
    if (status !== 201) throw new Error(`Nodes could not be let in: ${text}`);
    return new TestNodes(server, cluster);
  }

  /** As the node of this name. */
  async access(nodeName: string): Promise<ApiAccess> {
    const { cluster } = this;
    const UserName = nodeName.split('.')[0] ?? nodeName;
    if (!this.#keys.has(nodeName)) {
      await this.#server.iam.createUser({ UserName });
      const { AccessKey: { AccessKeyId = '', SecretAccessKey = '' } = {} } =
        await this.#server.iam.createAccessKey({ UserName });
      this.#keys.set(nodeName, { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey });
      await this.#map(UserName, nodeName);
    }
    const key = this.#keys.get(nodeName);
    return {
      ...{ endpoint: cluster.endpoint, certificateAuthority: cluster.certificateAuthority },
      token: () => cluster.token(key && { key }),
    };
  }

  async #map(UserName: string, nodeName: string): Promise<void> {
    const path = '/api/v1/namespaces/kube-system/configmaps';
    const { json } = await this.cluster.call('GET', `${path}/aws-auth`);
    const row = `- {userarn: "arn:aws:iam::${scope.accountId}:user/${UserName}", username: "system:node:${nodeName}", groups: [system:nodes]}\n`;
    const data = { mapUsers: `${json.data?.mapUsers ?? ''}${row}` };
    const isThere = json.kind === 'ConfigMap';
    const { status, text } = isThere
      ? await this.cluster.call('PATCH', `${path}/aws-auth`, { data }, mergePatch)
      : await this.cluster.call('POST', path, { metadata: { name: 'aws-auth' }, data });
    if (status >= 300) throw new Error(`Node '${nodeName}' could not be let in: ${text}`);
  }

  /** Binds a pod to a node. @returns its path. */
  async bind(nodeName: string, name: string, spec: object, metadata: object = {}): Promise<string> {
    const path = '/api/v1/namespaces/default/pods';
    const { status, text } = await this.cluster.call('POST', path, {
      metadata: { name, ...metadata },
      spec: { nodeName, automountServiceAccountToken: false, ...spec },
    });
    if (status !== 201) throw new Error(`Pod '${name}' could not be made: ${text}`);
    return `${path}/${name}`;
  }

  // biome-ignore lint/suspicious/noExplicitAny: objects of any kind, which tests look into.
  async get(path: string): Promise<any> {
    return (await this.cluster.call('GET', path)).json;
  }

  /** @throws {Error} with what is there instead, after fifty seconds or as long as is said. */
  async until(
    path: string,
    what: string,
    holds: (json: Awaited<ReturnType<TestNodes['get']>>) => boolean,
    withinMs = 50_000,
  ) {
    const clock = systemClock();
    const deadlineMs = clock.monotonic() + withinMs;
    for (;;) {
      const json = await this.get(path);
      if (holds(json)) return json;
      if (clock.monotonic() > deadlineMs)
        throw new Error(`Not seen: ${what}; instead: ${JSON.stringify(json.status ?? json)}`);
      await clock.sleep(20);
    }
  }

  /** What was told of a pod, in order of reasons: `reason: message`. */
  async eventsOf(podName: string): Promise<readonly string[]> {
    const query = new URLSearchParams({ fieldSelector: `involvedObject.name=${podName}` });
    const { items } = await this.get(`/api/v1/namespaces/default/events?${query}`);
    return items.map(({ reason, message }: Record<string, string>) => `${reason}: ${message}`).toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

const mergePatch = { 'content-type': 'application/merge-patch+json' };

export const testNode: NodeDescription = {
  name: 'ip-10-0-1-7.eu-west-1.compute.internal',
  providerId: 'aws:///eu-west-1a/i-0123456789abcdef0',
  ...{ instanceId: 'i-0123456789abcdef0', instanceType: 'm5.large' },
  ...{ region: 'eu-west-1', availabilityZone: 'eu-west-1a' },
  labels: { 'eks.amazonaws.com/nodegroup': 'blue' },
  taints: [],
  capacity: { cpuMillis: 2_000, memoryMiB: 8_192, pods: 29, ephemeralStorageBytes: 21_462_233_088 },
  ...{ internalIp: '10.0.1.7', networkInterfaceId: 'eni-0123456789abcdef0', machineAddress: '127.0.0.1' },
};

/** One node of a test: a simulated machine, and the kubelets that run on it one after the other. */
export class TestNode implements AsyncDisposable {
  readonly description: NodeDescription;
  readonly clock: Clock;
  readonly log = recordingLog();
  readonly machine: SimulatedMachine;
  readonly network = new FakePodNetwork();
  readonly #access: ApiAccess;
  readonly #directory = mkdtempSync(join(tmpdir(), 'kubelet-'));
  readonly #kubelets: Kubelet[] = [];

  /** @param clock Default: the machine's. */
  constructor(access: ApiAccess, description: Partial<NodeDescription> = {}, clock: Clock = systemClock()) {
    this.#access = access;
    this.clock = clock;
    this.description = { ...testNode, ...description };
    this.machine = new SimulatedMachine(this.clock);
  }

  /** What marks everything that the node's kubelets make. */
  get labels(): Readonly<Record<string, string>> {
    return { 'catamaran.instance': this.description.instanceId };
  }

  get stateDirectory(): string {
    return join(this.#directory, 'state');
  }

  /** The kubelet ends, and another one begins. */
  async restart(overrides: Partial<KubeletOptions> = {}): Promise<Kubelet> {
    await this.#kubelets.at(-1)?.close();
    return this.start(overrides);
  }

  async start(overrides: Partial<KubeletOptions> = {}): Promise<Kubelet> {
    const { clock, log, network } = this;
    const kubelet = await startKubelet({
      ...{ node: this.description, api: this.#access, runtime: this.machine.runtime, podNetwork: network },
      clusterDns: { address: '172.20.0.10', domain: 'cluster.local' },
      stateDirectory: this.stateDirectory,
      labels: this.labels,
      ...{ clock, log, random: seededRandom(3), signal: new AbortController().signal },
      ...overrides,
    });
    this.#kubelets.push(kubelet);
    return kubelet;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#kubelets.map((kubelet) => kubelet.close()));
    rmSync(this.#directory, { recursive: true });
  }
}
