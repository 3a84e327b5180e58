import type { Socket } from 'node:net';
import type { Clock } from '../../../clock/index.ts';
import { connectInNamespace } from '../../../network/index.ts';
import type { Container, Runtime } from '../../../runtime/index.ts';
import type { Pod } from '../objects/pod.ts';
import { podLabels } from '../pods/names.ts';
import type { ServedPods } from './served-pods.ts';

/** Where containers look for themselves. */
const localhost = '127.0.0.1';

/** The node's pods, with their containers as the engine has them. */
export class EnginePods implements ServedPods {
  readonly #runtime: Runtime;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #pods: () => readonly Pod[];
  readonly #clock: Clock;

  constructor(parts: {
    readonly runtime: Runtime;
    readonly labels: Readonly<Record<string, string>>;
    readonly pods: () => readonly Pod[];
    readonly clock: Clock;
  }) {
    this.#runtime = parts.runtime;
    this.#labels = parts.labels;
    this.#pods = parts.pods;
    this.#clock = parts.clock;
  }

  list(): readonly Pod[] {
    return this.#pods();
  }

  async attempts({ metadata }: Pod, container: string): Promise<readonly Container[]> {
    const found = await this.#runtime.listContainers({
      ...this.#labels,
      [podLabels.uid]: metadata.uid,
      [podLabels.container]: container,
    });
    const attemptOf = ({ labels }: Container): number => Number(labels[podLabels.attempt]);
    return found.toSorted((one, other) => attemptOf(other) - attemptOf(one));
  }

  async connect(pod: Pod, port: number, signal: AbortSignal): Promise<Socket> {
    const sandboxes = await this.#runtime.listSandboxes({
      ...this.#labels,
      [podLabels.uid]: pod.metadata.uid,
    });
    const running = sandboxes.find(({ pause }) => pause?.isRunning);
    const path = running && (await this.#runtime.networkNamespace(running.id));
    if (running === undefined || path === undefined)
      throw new Error(`the sandbox of pod ${pod.metadata.name} does not run`);
    try {
      return await connectInNamespace(path, { address: localhost, port }, { clock: this.#clock, signal });
    } catch (error) {
      signal.throwIfAborted();
      throw new Error(connectionRefused(running.id, path, port, error), { cause: error });
    }
  }
}

/** Go's words for what the kernel says. */
const wordsOf: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
};

/** As nodes of EKS say it: clients look for these words. */
function connectionRefused(sandbox: string, path: string, port: number, error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const why = `dial tcp4 ${localhost}:${port}: connect: ${wordsOf[code] ?? (code || message)}`;
  const where = `failed to execute portforward in network namespace ${JSON.stringify(path)}`;
  const what = `failed to connect to localhost:${port} inside namespace ${JSON.stringify(sandbox)}`;
  return `${where}: ${what}, IPv4: ${why} IPv6 dial tcp6: address localhost: no suitable address found`;
}
