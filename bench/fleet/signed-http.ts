import { createHash, createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';

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
  readonly #agent: Agent;
  #key: { readonly date: string; readonly key: Buffer } | undefined;

  constructor(place: Place, connections: number) {
    this.#place = place;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: 'fifo' });
  }

  /** @throws {Error} what the API answered instead of an output. */
  call(operation: string, input: object): Promise<Record<string, unknown>> {
    const { port } = this.#place;
    const body = JSON.stringify(input);
    const headers = {
      ...this.headers('POST', '/', '', body, { 'x-amz-target': `${target}.${operation}` }),
      'content-type': 'application/x-amz-json-1.1',
      'content-length': Buffer.byteLength(body),
    };
    return new Promise((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port, method: 'POST', path: '/', headers, agent: this.#agent },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(parts).toString();
            if (response.statusCode === 200) resolve(JSON.parse(text) as Record<string, unknown>);
            else reject(new Error(`${operation}: ${response.statusCode} ${text.slice(0, 500)}`));
          });
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
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
    this.#agent.destroy();
  }

  #keyOf(date: string): Buffer {
    if (this.#key?.date !== date) {
      const { region, secretAccessKey } = this.#place;
      const key = [date, region, 'ecs', 'aws4_request'].reduce<string | Buffer>(
        hmac,
        `AWS4${secretAccessKey}`,
      );
      this.#key = { date, key: Buffer.from(key) };
    }
    return this.#key.key;
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

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
