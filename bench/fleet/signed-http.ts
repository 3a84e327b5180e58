import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import { KeptConnection } from '../connection.ts';

export interface Place {
  readonly port: number;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const target = 'AmazonEC2ContainerServiceV20141113';

/**
 * Signed calls to ECS over kept connections, at little cost: what is to be measured is the server. The signature is
 * Signature Version 4 in its plainest form, with the key of the day derived once.
 */
export class SignedHttp {
  readonly #place: Place;
  readonly #most: number;
  readonly #open = new Set<KeptConnection>();
  readonly #idle: KeptConnection[] = [];
  /** Calls that wait for a connection. */
  readonly #waiting: ((connection: KeptConnection) => void)[] = [];
  #opening = 0;
  #key: { readonly date: string; readonly key: KeyObject } | undefined;

  constructor(place: Place, connections: number) {
    this.#place = place;
    this.#most = connections;
  }

  /** @throws {Error} what the API answered instead of an output. */
  async call(operation: string, input: object): Promise<Record<string, unknown>> {
    const body = JSON.stringify(input);
    const connection = await this.#connection();
    const headers = {
      ...this.headers('POST', '/', '', body, { 'x-amz-target': `${target}.${operation}` }),
      'content-type': 'application/x-amz-json-1.1',
      'content-length': Buffer.byteLength(body),
    };
    let head = 'POST / HTTP/1.1\r\n';
    for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
    const answer = await connection.send(`${head}\r\n${body}`).catch((error: unknown) => {
      this.#open.delete(connection);
      throw error;
    });
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(connection);
    else next(connection);
    const text = answer.body.toString();
    if (answer.status !== 200) throw new Error(`${operation}: ${answer.status} ${text.slice(0, 500)}`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  /** The headers that sign a request; those given take part in the signature. */
  headers(
    method: string,
    path: string,
    query: string,
    body: string,
    more: Readonly<Record<string, string>> = {},
  ): Record<string, string> {
    const { port, region, accessKeyId } = this.#place;
    const timestamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
    const date = timestamp.slice(0, 8);
    const headers: Record<string, string> = { host: `127.0.0.1:${port}`, 'x-amz-date': timestamp, ...more };
    const names = Object.keys(headers).sort();
    const signedHeaders = names.join(';');
    const canonical = [
      ...[method, path, query],
      ...names.map((name) => `${name}:${headers[name]}`),
      ...['', signedHeaders, sha256(body)],
    ].join('\n');
    const scope = `${date}/${region}/ecs/aws4_request`;
    const toSign = `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${sha256(canonical)}`;
    const signature = hmac(this.#keyOf(date), toSign).toString('hex');
    return {
      ...headers,
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
    };
  }

  close(): void {
    for (const connection of this.#open) connection.close();
  }

  async #connection(): Promise<KeptConnection> {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.isOpen) return idle;
      this.#open.delete(idle);
    }
    if (this.#open.size + this.#opening >= this.#most)
      return new Promise((resolve) => this.#waiting.push(resolve));
    this.#opening += 1;
    try {
      const connection = await KeptConnection.open(this.#place.port);
      this.#open.add(connection);
      return connection;
    } finally {
      this.#opening -= 1;
    }
  }

  #keyOf(date: string): KeyObject {
    if (this.#key?.date !== date) {
      const { region, secretAccessKey } = this.#place;
      const parts = [date, region, 'ecs', 'aws4_request'];
      const key = parts.reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
      this.#key = { date, key: createSecretKey(Buffer.from(key)) };
    }
    return this.#key.key;
  }
}

const sha256 = (text: string): string => hash('sha256', text);
const hmac = (key: string | Buffer | KeyObject, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest();

/** Runs `work` for each number below `count`, so many at a time. */
export async function inParallel(
  count: number,
  concurrency: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker));
}
