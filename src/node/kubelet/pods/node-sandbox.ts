import type { Runtime } from '../../../runtime/index.ts';
import type { NodeDescription, PodNetwork } from '../kubelet-options.ts';
import { nodeCgroup } from '../resources/node-cgroups.ts';

/**
 * The node's own network namespace: a sandbox with the node's primary interface in it. Pods with `hostNetwork` join it, and
 * the links of all other pods lead there, so it is made before any of them.
 */
export class NodeSandbox {
  readonly id: string;
  readonly #options: NodeSandboxOptions;
  #turn: Promise<unknown> = Promise.resolve();
  /** Of the pause container that has joined. */
  #joined: string | undefined;

  constructor(options: NodeSandboxOptions) {
    this.#options = options;
    this.id = `node-${options.node.instanceId}`;
  }

  /** Makes it, or what is missing of it. @throws {Error} */
  ensure(signal: AbortSignal): Promise<void> {
    const made = this.#turn.then(() => this.#ensure(signal));
    this.#turn = made.catch(() => {});
    return made;
  }

  async #ensure(signal: AbortSignal): Promise<void> {
    const { node, runtime, podNetwork, labels } = this.#options;
    const path = this.#joined === undefined ? undefined : await runtime.networkNamespace(this.id);
    if (path !== undefined && path === this.#joined) return;
    const identity = { uid: this.id, namespace: '', name: node.name, isHostNetwork: true } as const;
    const { network } = await podNetwork.assign(identity, signal);
    const { cpuMillis, memoryMiB } = node.capacity;
    await runtime.createSandbox({
      ...{ id: this.id, labels, network, hostname: node.name.slice(0, 63) },
      cgroupParent: nodeCgroup(node),
      cgroupParentLimits: { cpuMillis, memoryMiB },
    });
    const made = await runtime.networkNamespace(this.id);
    if (made === undefined) throw new Error(`the node's sandbox '${this.id}' has no network namespace`);
    await podNetwork.join(identity, made, signal);
    this.#joined = made;
  }
}

export interface NodeSandboxOptions {
  readonly node: NodeDescription;
  readonly runtime: Pick<Runtime, 'createSandbox' | 'networkNamespace'>;
  readonly podNetwork: PodNetwork;
  readonly labels: Readonly<Record<string, string>>;
}
