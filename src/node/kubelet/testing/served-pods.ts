import { once } from 'node:events';
import { connect } from 'node:net';
import type { Container, Runtime } from '../../../runtime/index.ts';
import type { Pod } from '../objects/pod.ts';
import type { ServedPods } from '../server/served-pods.ts';

/** Pods for a test of the kubelet's server: containers by `<pod>-<container>-<attempt>`, ports of this machine. */
export class TestPods implements ServedPods {
  readonly pods: Pod[] = [];
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  list(): readonly Pod[] {
    return this.pods;
  }

  async attempts({ metadata }: Pod, container: string): Promise<readonly Container[]> {
    const all = await this.#runtime.listContainers({ pod: metadata.name, container });
    return all.toSorted((a, b) => b.name.localeCompare(a.name));
  }

  async connect(_: Pod, port: number, signal: AbortSignal) {
    const socket = connect({ host: '127.0.0.1', port, signal });
    await once(socket, 'connect');
    return socket;
  }
}
