import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { seededRandom, systemClock } from '../../../clock/index.ts';
import { recordingLog } from '../../../log.ts';
import type { ContainerSpec } from '../../../runtime/index.ts';
import { noLatency, SimEngine, type SimProgram, SimRuntime } from '../../../runtime/sim/index.ts';
import { ApiClient } from '../api/api-client.ts';
import type { Pod } from '../objects/pod.ts';
import { ClientAccess } from '../server/client-access.ts';
import { type KubeletServer, startKubeletServer } from '../server/kubelet-server.ts';
import { requestServingCertificate } from '../server/serving-certificate.ts';
import { CpuTotal } from '../server/stats.ts';
import type { PodUse } from '../usage/pod-use.ts';
import { TestPods } from './served-pods.ts';
import { TestNodes } from './test-cluster.ts';

const nodeName = 'ip-10-0-0-1.internal';
const namespace = '/api/v1/namespaces/default';

export interface Upgraded {
  readonly response: IncomingMessage;
  readonly socket: Duplex;
}

/** As if each pod had one emptyDir, and its containers had written alike. */
const measuredUse = (pod: Pod): PodUse => ({
  pod,
  containers: pod.spec.containers.map(({ name }) => ({
    ...{ name, memoryBytes: 0, logBytes: 10, written: { bytes: 100, inodes: 2 } },
  })),
  emptyDirs: [{ name: 'v', isMemory: false, use: { bytes: 50, inodes: 1 } }],
});

/** A cluster with one node whose kubelet's server runs, over a simulated engine, reached through the API server. */
export class StreamingNode implements AsyncDisposable {
  readonly cluster: TestNodes['cluster'];
  readonly runtime: SimRuntime;
  readonly server: KubeletServer;
  readonly #pods: TestPods;
  readonly #stack: AsyncDisposableStack;

  private constructor(parts: {
    readonly cluster: TestNodes['cluster'];
    readonly runtime: SimRuntime;
    readonly server: KubeletServer;
    readonly pods: TestPods;
    readonly stack: AsyncDisposableStack;
  }) {
    this.cluster = parts.cluster;
    this.runtime = parts.runtime;
    this.server = parts.server;
    this.#pods = parts.pods;
    this.#stack = parts.stack;
  }

  static async start(programs: (spec: ContainerSpec) => SimProgram): Promise<StreamingNode> {
    const stack = new AsyncDisposableStack();
    const nodes = stack.use(await TestNodes.open());
    const clock = systemClock();
    const random = seededRandom('streaming');
    const log = recordingLog();
    const access = await nodes.access(nodeName);
    const api = stack.use(new ApiClient(access, { clock, random }));
    const runtime = stack.use(new SimRuntime(new SimEngine({ clock, random, latency: noLatency, programs })));
    await runtime.createSandbox({
      ...{ id: 's', labels: {}, network: { mode: 'container' }, cgroupParent: 'streaming' },
    });
    await runtime.pullImage('i:1', { signal: new AbortController().signal });
    const pods = new TestPods(runtime);
    const { certificateAuthority } = access;
    const never = new AbortController().signal;
    const server = stack.use(
      await startKubeletServer({
        ...{ nodeName, host: '127.0.0.1', certificateAuthority, pods, runtime, clock, log },
        certificate: await requestServingCertificate(api, nodeName, { clock, random }, never),
        access: new ClientAccess(api, nodeName, clock),
        volumes: { useOf: async () => [] },
        stats: {
          ...{
            startedAtMs: clock.now(),
            memoryCapacityBytes: 2 ** 30,
            cpuMillis: 2_000,
            cpu: new CpuTotal(),
          },
          uses: () => pods.pods.map(measuredUse),
          disk: async () => ({ capacity: 1_000, available: 400 }),
        },
      }),
    );
    const status = {
      addresses: [{ type: 'ExternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: server.port } },
    };
    const { cluster } = nodes;
    await cluster.call('POST', '/api/v1/nodes', { metadata: { name: nodeName }, status });
    return new StreamingNode({ cluster, runtime, server, pods, stack });
  }

  /** A pod of the node with one container `c`, not started; its attempts are `<name>-c-<n>`. */
  async pod(name: string, status: Pod['status'] = {}): Promise<void> {
    const spec = { nodeName, containers: [{ name: 'c', image: 'i:1' }] };
    const { json } = await this.cluster.call('POST', `${namespace}/pods`, { metadata: { name }, spec });
    this.#pods.pods.push({ ...json, status });
  }

  async startContainer(pod: string, attempt = 0, changes: Partial<ContainerSpec> = {}): Promise<void> {
    const name = `${pod}-c-${attempt}`;
    await this.runtime.createContainer({
      ...{ name, sandboxId: 's', labels: { pod, container: 'c' }, image: 'i:1', env: {} },
      ...{ network: { mode: 'host' }, cpuShares: 2, ...changes },
    });
    await this.runtime.startContainer(name);
  }

  log(pod: string, query = '') {
    return this.cluster.call('GET', `${namespace}/pods/${pod}/log?${query}`);
  }

  /** A WebSocket to a subresource of a pod, through the API server. */
  async connect(path: string, protocol: string): Promise<WebSocket> {
    const socket = new WebSocket(
      `${this.cluster.endpoint.replace('https', 'wss')}${namespace}/pods/${path}`,
      [protocol],
      {
        ca: this.cluster.certificateAuthority,
        headers: { authorization: `Bearer ${await this.cluster.token()}` },
      },
    );
    await once(socket, 'open');
    return socket;
  }

  /** A connection that goes on in another protocol, through the API server. */
  async upgrade(method: string, path: string, headers: Record<string, string>): Promise<Upgraded> {
    const asked = request(`${this.cluster.endpoint}${namespace}/pods/${path}`, {
      ...{ method, ca: this.cluster.certificateAuthority, agent: false },
      headers: { authorization: `Bearer ${await this.cluster.token()}`, connection: 'Upgrade', ...headers },
    });
    const [response, socket, head] = await once(asked.end(), 'upgrade');
    if (head.length > 0) socket.unshift(head);
    return { response, socket };
  }

  /** What is answered instead of going on in another protocol, through the API server. */
  async refusal(method: string, path: string, headers: Record<string, string>) {
    const asked = request(`${this.cluster.endpoint}${namespace}/pods/${path}`, {
      ...{ method, ca: this.cluster.certificateAuthority, agent: false },
      headers: { authorization: `Bearer ${await this.cluster.token()}`, connection: 'Upgrade', ...headers },
    });
    const [response] = await once(asked.end(), 'response');
    let text = '';
    for await (const chunk of response) text += chunk;
    return { status: response.statusCode, text };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
