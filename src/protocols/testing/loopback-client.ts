import { buildQueryString } from '@smithy/core/protocols';
import { HttpResponse } from '@smithy/core/transport';
import type { HttpRequest } from '@smithy/types';
import type { WireAnswer, WireRequest } from '../wire.ts';

/** What the test needs of any SDK client. */
export interface LoopbackClient {
  /** Sends the operation as the SDK does and gives back what the SDK makes of the answer. */
  call(operation: string, input: unknown): Promise<Record<string, unknown>>;
}

/**
 * An SDK client without a network: what it would send is given to `serve`, whose answer it parses.
 * @param options Further configuration of the client.
 */
export function loopbackClient(
  sdk: object,
  serve: (request: WireRequest) => WireAnswer,
  options: object = {},
): LoopbackClient {
  const exported = new Map<string, unknown>(Object.entries(sdk));
  const [, Client] =
    Object.entries(sdk).find(([name]) => name.endsWith('Client') && name !== '__Client') ?? [];
  const client = construct(Client, {
    region: 'us-east-1',
    endpoint: 'http://127.0.0.1:1',
    maxAttempts: 1,
    ...options,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    // Signing is the gateway's contract, tested there.
    signer: { sign: async (request: HttpRequest) => request },
    requestHandler: {
      handle: async (request: HttpRequest) => {
        const { status, headers, body } = serve(toWire(request));
        const bytes = new Uint8Array(Buffer.from(body));
        return { response: new HttpResponse({ statusCode: status, headers: { ...headers }, body: bytes }) };
      },
    },
  }) as { send(command: object): Promise<Record<string, unknown>> };
  return {
    call: (operation, input) => client.send(construct(exported.get(`${operation}Command`), input)),
  };
}

function construct(type: unknown, argument: unknown): object {
  if (typeof type !== 'function') throw new Error('The SDK module exports no such class');
  return Reflect.construct(type, [argument]);
}

function toWire({ method, path, query, headers, body }: HttpRequest): WireRequest {
  return {
    method,
    path,
    query: buildQueryString(query ?? {}),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    body: toBuffer(body),
  };
}

function toBuffer(body: unknown): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return Buffer.from(typeof body === 'string' ? body : '');
}
