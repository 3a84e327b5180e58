import { setTimeout as sleep } from 'node:timers/promises';
import { busyboxLayer, imageArchive } from '../../src/runtime/index.ts';
import type { KeptConnection } from '../connection.ts';
import { engine } from '../engine.ts';
import { type BenchCluster, requestBytes } from './cluster.ts';

export const image = 'catamaran/bench:pods';
export const command = ['sleep', '3600'];
export const memoryMiB = 32;
const path = '/api/v1/namespaces/default/pods';
/** Rare enough not to take the processor from what is measured. */
const pollMs = 10;

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

  constructor(connection: KeptConnection, cluster: BenchCluster) {
    this.#connection = connection;
    this.#cluster = cluster;
  }

  async untilNodesAreReady(count: number): Promise<void> {
    while ((await this.#list('/api/v1/nodes')).filter(isReady).length < count) await sleep(20);
  }

  /** Asks for one more. @param name Default: one that is free. */
  async ask(name?: string, labels: object = {}): Promise<void> {
    const limits = { memory: `${memoryMiB}Mi` };
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
      await sleep(pollMs);
    }
  }

  async remove(): Promise<void> {
    await this.#connection.send(requestBytes(this.#cluster, 'DELETE', path));
    while ((await this.#list(path)).length > 0) await sleep(pollMs);
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
