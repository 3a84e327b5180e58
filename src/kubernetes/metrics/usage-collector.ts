import { type Clock, withTimeout } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { KubeletClient } from '../apiserver/reach/kubelet-client.ts';
import { type KubernetesObject, memberOf, numberOf, textOf } from '../objects/object.ts';
import type { ObjectsInMemory } from '../objects/objects-in-memory.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import { type NodeSamples, readResourceMetrics } from './read-metrics.ts';
import { type PodUsage, podUsage, type Usage, type UsageSource, usageBetween } from './usage.ts';

const nodes = resourceNamed('', 'nodes');
const pods = resourceNamed('', 'pods');

/** As metrics-server looks. */
const lookEveryMs = 15_000;
const answerWithinMs = 10_000;
/** Older than this it tells nothing of now. */
const freshMs = 3 * lookEveryMs;
const mostAnswerBytes = 16 * 1024 * 1024;
/** Kubelets asked at the same time. */
const mostAtOnce = 16;

interface Looks {
  readonly before: NodeSamples | undefined;
  readonly now: NodeSamples;
}

/** Asks a cluster's kubelets every 15 s what their pods use, and keeps the last two answers of each. */
export class UsageCollector implements UsageSource {
  readonly #objects: ObjectsInMemory;
  readonly #kubelets: KubeletClient;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #looks = new Map<string, Looks>();

  constructor(parts: {
    readonly objects: ObjectsInMemory;
    readonly kubelets: KubeletClient;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.#objects = parts.objects;
    this.#kubelets = parts.kubelets;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** Until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look(signal);
      await this.#clock.sleep(lookEveryMs, signal).catch(() => {});
    }
  }

  /** Asks all kubelets once. */
  async look(signal: AbortSignal): Promise<void> {
    const present = this.#objects.all(nodes);
    const names = new Set(present.map(({ metadata }) => metadata.name));
    for (const name of this.#looks.keys()) if (!names.has(name)) this.#looks.delete(name);
    const waiting = present.filter(hasKubelet);
    const ask = async (): Promise<void> => {
      for (let node = waiting.pop(); node !== undefined && !signal.aborted; node = waiting.pop())
        await this.#lookAt(node, signal);
    };
    await Promise.all(Array.from({ length: Math.min(mostAtOnce, waiting.length) }, ask));
  }

  node(name: string): Usage | undefined {
    const { before, now } = this.#looks.get(name) ?? {};
    return this.#fresh(usageBetween(before?.node, now?.node));
  }

  pod(namespace: string, name: string): PodUsage | undefined {
    const pod = this.#objects.get(pods, namespace, name);
    const { before, now } = this.#looks.get(textOf(memberOf(pod, 'spec'), 'nodeName')) ?? {};
    const found = podUsage(`${namespace}/${name}`, before, now);
    const [first] = found?.containers.values() ?? [];
    return this.#fresh(first) && found;
  }

  #fresh(usage: Usage | undefined): Usage | undefined {
    return usage !== undefined && this.#clock.now() - usage.timeMs <= freshMs ? usage : undefined;
  }

  async #lookAt(node: KubernetesObject, signal: AbortSignal): Promise<void> {
    const { name } = node.metadata;
    using deadline = withTimeout(this.#clock, answerWithinMs, signal);
    try {
      const now = readResourceMetrics(await this.#ask(node, deadline.signal));
      this.#looks.set(name, { before: this.#looks.get(name)?.now, now });
    } catch (error) {
      if (!signal.aborted)
        this.#log.debug('A kubelet does not tell what its pods use', { node: name, error });
    }
  }

  async #ask(node: KubernetesObject, signal: AbortSignal): Promise<string> {
    const request = await this.#kubelets.open(node, { method: 'GET', path: '/metrics/resource', signal });
    return new Promise((resolve, reject) => {
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          chunks.push(chunk);
          if (bytes > mostAnswerBytes) response.destroy(new Error('The answer is too large'));
        });
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`It answered ${response.statusCode}: ${text.slice(0, 200)}`));
        });
      });
      request.end();
    });
  }
}

const hasKubelet = (node: KubernetesObject): boolean =>
  numberOf(memberOf(memberOf(memberOf(node, 'status'), 'daemonEndpoints'), 'kubeletEndpoint'), 'Port') > 0;
