import { setTimeout as sleep } from 'node:timers/promises';
import { busyboxLayer, imageArchive } from '../../src/runtime/index.ts';
import type { KeptConnection } from '../connection.ts';
import { engine } from '../engine.ts';
import { type BenchCluster, requestBytes } from './cluster.ts';

export const image = 'catamaran/bench:pods';
export const command = ['sleep', '3600'];
export const usualMemoryMiB = 32;
const path = '/api/v1/namespaces/default/pods';
/** A node begins within seconds; later it is one that did not fit into the machine. */
const nodesMs = 60_000;

export async function loadImage(): Promise<void> {
  const layers = [await busyboxLayer()];
  await engine('POST', '/images/load?quiet=1', await imageArchive({ reference: image, layers, config: {} }));
}

interface Listed {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

const isReady = ({ status }: Listed): boolean =>
  status?.conditions?.some(({ type, status: said }) => type === 'Ready' && said === 'True') === true;

/** Pods that do nothing, of one cluster. */
export class IdlePods {
  readonly #connection: KeptConnection;
  readonly #cluster: BenchCluster;
  readonly #pollMs: number;
  readonly #memoryMiB: number;

  /** @param pollMs Rare enough not to take the processor from what is measured: rarer where more pods are. */
  constructor(
    connection: KeptConnection,
    cluster: BenchCluster,
    { pollMs = 10, memoryMiB = usualMemoryMiB } = {},
  ) {
    this.#connection = connection;
    this.#cluster = cluster;
    this.#pollMs = pollMs;
    this.#memoryMiB = memoryMiB;
  }

  /** @throws {Error} where so many do not come, for example because the machine is too small for them. */
  async untilNodesAreReady(count: number): Promise<void> {
    const began = performance.now();
    for (;;) {
      const ready = (await this.#list('/api/v1/nodes')).filter(isReady).length;
      if (ready >= count) return;
      if (performance.now() - began > nodesMs)
        throw new Error(`${ready} of ${count} nodes are Ready: this machine takes no more of them`);
      await sleep(20);
    }
  }

  /** Asks for one more. @param name Default: one that is free. */
  async ask(name?: string, labels: object = {}): Promise<void> {
    const limits = { memory: `${this.#memoryMiB}Mi` };
    const { status, body } = await this.#connection.send(
      requestBytes(this.#cluster, 'POST', path, {
        metadata: { ...(name ? { name } : { generateName: 'bench-' }), labels },
        spec: {
          ...{ automountServiceAccountToken: false, terminationGracePeriodSeconds: 0 },
          containers: [
            { name: 'main', image, imagePullPolicy: 'IfNotPresent', command, resources: { limits } },
          ],
        },
      }),
    );
    if (status !== 201) throw new Error(`No pod was made: ${body.toString()}`);
  }

  /** Until so many of all are Ready. @returns by name, their addresses. */
  async untilReady(wanted: number): Promise<ReadonlyMap<string, string>> {
    for (;;) {
      const ready = (await this.#list(path)).filter(isReady);
      if (ready.length >= wanted)
        return new Map(ready.map(({ metadata, status }) => [metadata.name, status?.podIP ?? '']));
      await sleep(this.#pollMs);
    }
  }

  async remove(): Promise<void> {
    await this.#connection.send(requestBytes(this.#cluster, 'DELETE', path));
    while ((await this.#list(path)).length > 0) await sleep(this.#pollMs);
  }

  async #list(from: string): Promise<readonly Listed[]> {
    const { body } = await this.#connection.send(requestBytes(this.#cluster, 'GET', from));
    return (JSON.parse(unchunked(body).toString()) as { readonly items: readonly Listed[] }).items;
  }
}

/** A long list comes in chunks, each after a line with its length in hexadecimal digits. */
function unchunked(body: Buffer): Buffer {
  if (body[0] === '{'.charCodeAt(0)) return body;
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = body.indexOf('\r\n', at);
    const length = Number.parseInt(body.toString('latin1', at, end), 16);
    if (!(length > 0)) return Buffer.concat(chunks);
    chunks.push(body.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
}
