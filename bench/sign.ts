import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';

/** Makes signed awsJson requests to ECS as complete byte strings, ready for a socket. */
export class RequestMaker {
  readonly #signer: SignatureV4;
  readonly #host: string;

  constructor(options: {
    readonly port: number;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  }) {
    this.#host = `127.0.0.1:${options.port}`;
    this.#signer = new SignatureV4({
      service: 'ecs',
      region: options.region,
      credentials: options.credentials,
      sha256: NodeSha256,
    });
  }

  async ecs(operation: string, input: object): Promise<Buffer> {
    const body = JSON.stringify(input);
    const signed = await this.#signer.sign({
      method: 'POST',
      protocol: 'http:',
      hostname: this.#host,
      path: '/',
      headers: {
        host: this.#host,
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `AmazonEC2ContainerServiceV20141113.${operation}`,
        'content-length': String(Buffer.byteLength(body)),
      },
      body,
    });
    const head = Object.entries(signed.headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return Buffer.from(`POST / HTTP/1.1\r\n${head.join('')}\r\n${body}`);
  }
}

/** The hash that the signer asks for, over node:crypto. */
class NodeSha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', asBytes(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(asBytes(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

function asBytes(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  if (data instanceof ArrayBuffer) return Buffer.from(data);
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
