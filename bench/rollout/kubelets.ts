/**
 * Kubelets of nodes that are not there, in a process of their own: each registers its node, keeps its Lease, watches the pods
 * that it is given and says of each at once, as a kubelet does, what became of it. Told by one JSON argument.
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { createInterface } from 'node:readline';
import type { BenchCluster } from '../kubernetes-api/cluster.ts';

export interface SimulatedNodes {
  readonly cluster: BenchCluster;
  readonly nodes: number;
}

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

const { cluster, nodes }: SimulatedNodes = JSON.parse(process.argv[2] ?? '');
const heartbeatMs = 10_000;
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const writers = new Agent({ ca: cluster.authority, keepAlive: true, maxSockets: 32 });
/** Of their own, as each kubelet has: Leases don't wait for what else there is to say. */
const heartbeats = new Agent({ ca: cluster.authority, keepAlive: true, maxSockets: 8 });
const watchers = new Agent({ ca: cluster.authority, maxSockets: Number.POSITIVE_INFINITY });
const now = (): string => new Date().toISOString().replace(/\.\d+/, '');

async function open(agent: Agent, method: string, path: string, body?: object): Promise<IncomingMessage> {
  const text = body === undefined ? '' : JSON.stringify(body);
  const sent = request({
    ...{ host: '127.0.0.1', port: cluster.port, agent, method, path },
    headers: {
      authorization: `Bearer ${cluster.token}`,
      'content-length': Buffer.byteLength(text),
      'content-type': method === 'PATCH' ? 'application/strategic-merge-patch+json' : 'application/json',
    },
  });
  sent.end(text);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response;
}

/** @throws {Error} it is refused; what is gone meanwhile is none of that. */
async function write(method: string, path: string, body?: object, agent = writers): Promise<void> {
  const response = await open(agent, method, path, body);
  let text = '';
  for await (const chunk of response) text += chunk;
  const { statusCode = 0 } = response;
  if (statusCode >= 300 && statusCode !== 404) throw new Error(`${method} ${path}: ${statusCode} ${text}`);
}

class Kubelet {
  readonly #name: string;
  readonly #address: (pod: number) => string;
  readonly #begun = new Map<string, { readonly startedAt: string; readonly address: string }>();
  readonly #ending = new Set<string>();

  constructor(number: number) {
    this.#name = `simulated-${number}`;
    this.#address = (pod) => `10.${(number >> 8) + 1}.${number & 255}.${pod % 250}`;
  }

  async register(): Promise<void> {
    const resources = { cpu: '16', memory: '64Gi', pods: '110', 'ephemeral-storage': '100Gi' };
    await write('POST', '/api/v1/nodes', {
      metadata: { name: this.#name, labels: { 'kubernetes.io/hostname': this.#name } },
      status: {
        ...{ capacity: resources, allocatable: resources },
        conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: now() }],
      },
    });
    await write('POST', leases, { metadata: { name: this.#name }, spec: this.#lease() });
    setInterval(() => this.#renew().catch(fail), heartbeatMs);
  }

  /** Resolves when it watches. */
  async watch(): Promise<void> {
    const selector = encodeURIComponent(`spec.nodeName=${this.#name}`);
    const response = await open(
      watchers,
      'GET',
      `/api/v1/pods?watch=1&resourceVersion=0&fieldSelector=${selector}`,
    );
    if (response.statusCode !== 200) throw new Error(`A watch was answered with ${response.statusCode}`);
    createInterface({ input: response }).on('line', (line) => {
      const { type, object } = JSON.parse(line) as { readonly type: string; readonly object: Pod };
      if (type === 'ADDED' || type === 'MODIFIED') this.#see(object).catch(fail);
    });
  }

  #renew(): Promise<void> {
    return write('PATCH', `${leases}/${this.#name}`, { spec: this.#lease() }, heartbeats);
  }

  #lease() {
    const renewTime = new Date().toISOString().replace('Z', '000Z');
    return { holderIdentity: this.#name, leaseDurationSeconds: 40, renewTime };
  }

  async #see(pod: Pod): Promise<void> {
    const { name, namespace, uid, deletionTimestamp } = pod.metadata;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    if (deletionTimestamp !== undefined) {
      if (this.#ending.has(uid)) return;
      this.#ending.add(uid);
      await write('DELETE', path, { gracePeriodSeconds: 0, preconditions: { uid } });
      return;
    }
    if (!this.#begun.has(uid)) {
      this.#begun.set(uid, { startedAt: now(), address: this.#address(this.#begun.size) });
      await Promise.all([
        this.#putStatus(path, pod),
        ...['Pulled', 'Created', 'Started'].map((reason) => this.#tell(pod, reason)),
      ]);
      return;
    }
    // Somebody has said so of a node that he took for lost.
    const isDoubted = pod.status?.conditions?.some(
      ({ type, status }) => type === 'Ready' && status === 'False',
    );
    if (isDoubted) await this.#putStatus(path, pod);
  }

  #putStatus(path: string, { metadata: { uid }, spec }: Pod): Promise<void> {
    const { startedAt, address } = this.#begun.get(uid) ?? { startedAt: now(), address: '' };
    return write('PATCH', `${path}/status`, {
      metadata: { uid },
      status: {
        ...{ phase: 'Running', podIP: address, startTime: startedAt },
        conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady'].map((type) => ({
          ...{ type, status: 'True', lastTransitionTime: now() },
        })),
        containerStatuses: spec.containers.map(({ name, image }) => ({
          ...{ name, image, imageID: image, containerID: `simulated://${uid}` },
          ...{ ready: true, started: true, restartCount: 0, state: { running: { startedAt } } },
        })),
      },
    });
  }

  #tell({ metadata: { name, namespace, uid } }: Pod, reason: string): Promise<void> {
    const at = now();
    return write('POST', `/api/v1/namespaces/${namespace}/events`, {
      metadata: { name: `${name}.${reason.toLowerCase()}` },
      involvedObject: { kind: 'Pod', apiVersion: 'v1', name, namespace, uid },
      ...{ reason, message: reason, type: 'Normal', count: 1, firstTimestamp: at, lastTimestamp: at },
      source: { component: 'kubelet', host: this.#name },
    });
  }
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}

const kubelets = Array.from({ length: nodes }, (_, number) => new Kubelet(number));
await Promise.all(kubelets.map((it) => it.register()));
await Promise.all(kubelets.map((it) => it.watch()));
process.send?.('watching');
