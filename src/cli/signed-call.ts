import { createHash, createHmac } from 'node:crypto';
import type { Clock } from '../clock/index.ts';
import { request } from '../http.ts';
import { CommandError } from './terminal.ts';

/** The installation's own, not of any of AWS's services. */
const signingName = 'catamaran';
const maxResponseBytes = 16 * 1024 * 1024;

export interface CallCredentials {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * One call of the installation's own API, signed as AWS's are.
 * @throws {CommandError} nobody answers there.
 */
export async function signedCall(
  { method, url, body }: { readonly method: string; readonly url: URL; readonly body: string },
  {
    credentials,
    clock,
    signal,
  }: { readonly credentials: CallCredentials; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<{ readonly status: number; readonly text: string }> {
  // Loaded here, so that commands which need no server don't pay for it.
  const { SignatureV4 } = await import('@smithy/signature-v4');
  const { region } = credentials;
  const signer = new SignatureV4({ service: signingName, region, credentials, sha256: Sha256 });
  const signed = await signer.sign(
    {
      method,
      protocol: 'http:',
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: {
        host: url.host,
        ...(body === '' ? {} : { 'content-type': 'application/json' }),
      },
      body,
    },
    { signingDate: new Date(clock.now()) },
  );
  return send(method, url, signed.headers, body, signal);
}

function send(
  method: string,
  url: URL,
  headers: Record<string, string>,
  body: string,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, signal, agent: false }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > maxResponseBytes) outgoing.destroy(new Error('the answer is too long'));
      });
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text }));
      incoming.on('error', reject);
    });
    outgoing.on('error', (cause) => {
      if (signal.aborted) reject(signal.reason);
      else reject(new CommandError(`Cannot reach Catamaran at ${url.origin}`, { cause }));
    });
    outgoing.end(body);
  });
}

/** SHA-256 as the signer asks for it, over node:crypto. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytes(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytes(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

function bytes(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
