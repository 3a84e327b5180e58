import type { Socket } from 'node:net';
import type { Container } from '../../../runtime/index.ts';
import type { Pod } from '../objects/pod.ts';

/** The node's pods, as the kubelet's server sees them. */
export interface ServedPods {
  /** As they are now, with their status. */
  list(): readonly Pod[];
  /** Every container that the engine has of one of a pod's, the latest attempt first. */
  attempts(pod: Pod, container: string): Promise<readonly Container[]>;
  /** A connection to a port at `localhost` as the pod's containers see it. @throws {Error} as the kernel says it. */
  connect(pod: Pod, port: number, signal: AbortSignal): Promise<Socket>;
}

/** Something was asked of the kubelet that it refuses, with the HTTP status and the words of the answer. */
export class KubeletRefusal extends Error {
  override readonly name = 'KubeletRefusal';
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** @throws {KubeletRefusal} 404 */
export function podNamed(pods: ServedPods, namespace: string, name: string): Pod {
  const found = pods
    .list()
    .find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
  if (found === undefined) throw new KubeletRefusal(404, `pod ${JSON.stringify(name)} does not exist`);
  return found;
}

/** @throws {KubeletRefusal} 404: the pod has no such container. */
export function assertContainer({ metadata, spec }: Pod, container: string): void {
  const all = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  if (all.some(({ name }) => name === container)) return;
  throw new KubeletRefusal(
    404,
    `container ${JSON.stringify(container)} not found in pod ${JSON.stringify(metadata.name)}`,
  );
}

/** The one that runs now, by its name in the engine. @throws {KubeletRefusal} 404, 500 */
export async function runningContainer(pods: ServedPods, pod: Pod, container: string): Promise<string> {
  assertContainer(pod, container);
  const [latest] = await pods.attempts(pod, container);
  if (latest?.status.state === 'running') return latest.name;
  throw new KubeletRefusal(500, `container not found (${JSON.stringify(container)})`);
}
