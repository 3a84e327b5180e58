import { Sha256Node } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/transport';
import { SignatureV4 } from '@smithy/signature-v4';
import { WebSocket } from 'ws';
import type { Clock } from '../../clock/index.ts';
import type { AgentCredentials } from '../agent-options.ts';
import { parseJson, Reader } from '../reading.ts';

/** Frames larger than this close the link: a payload of a thousand tasks is well below. */
const maximumFrameBytes = 16 * 1_048_576;
const maximumRefusalBytes = 8_192;
const handshakeTimeoutMs = 30_000;

/** The other side answered the upgrade with an error, e.g. `InactiveInstanceException`. */
export class UpgradeRefusedError extends Error {
  override readonly name = 'UpgradeRefusedError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a link needs of a WebSocket that is open. */
export type AgentSocket = Pick<WebSocket, 'on' | 'send' | 'close' | 'terminate' | 'readyState' | 'CLOSED'>;

export interface SocketOptions {
  readonly region: string;
  readonly credentials: AgentCredentials;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Gets every text frame from the first on: one may come with the upgrade's answer. */
  onMessage(text: string): void;
}

export type OpenSocket = (url: URL, options: SocketOptions) => Promise<AgentSocket>;

/**
 * Opens a WebSocket whose upgrade request is signed for `ecs` (SigV4 in the headers), as ACS and TCS want it.
 * @throws {UpgradeRefusedError}, or what kept the connection from being made.
 */
export async function openSignedSocket(url: URL, options: SocketOptions): Promise<AgentSocket> {
  const headers = await signedHeaders(url, options);
  options.signal.throwIfAborted();
  const socketUrl = new URL(url);
  socketUrl.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(socketUrl, {
    headers,
    maxPayload: maximumFrameBytes,
    perMessageDeflate: false,
    followRedirects: false,
  });
  const opened = Promise.withResolvers<WebSocket>();
  const abort = () => opened.reject(options.signal.reason);
  options.signal.addEventListener('abort', abort);
  using _timer = options.clock.after(handshakeTimeoutMs, () => {
    opened.reject(new Error(`No answer from ${url.host} within ${handshakeTimeoutMs / 1000} s`));
  });
  socket.on('open', () => opened.resolve(socket));
  socket.on('error', (error) => opened.reject(error));
  socket.on('message', (data, isBinary) => {
    if (!isBinary) options.onMessage(textOf(data));
  });
  socket.on('unexpected-response', (_request, response) => {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      if (body.length < maximumRefusalBytes) body += chunk;
    });
    response.on('error', (error) => opened.reject(error));
    response.on('end', () => opened.reject(refusalOf(response.statusCode ?? 0, body)));
  });
  try {
    return await opened.promise;
  } catch (error) {
    socket.on('error', () => {});
    socket.terminate();
    throw error;
  } finally {
    options.signal.removeEventListener('abort', abort);
  }
}

async function signedHeaders(
  url: URL,
  options: { readonly region: string; readonly credentials: AgentCredentials; readonly clock: Clock },
): Promise<Record<string, string>> {
  const signer = new SignatureV4({
    service: 'ecs',
    region: options.region,
    credentials: options.credentials,
    sha256: Sha256Node,
  });
  const request = new HttpRequest({
    method: 'GET',
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host },
  });
  const signed = await signer.sign(request, { signingDate: new Date(options.clock.now()) });
  return signed.headers;
}

/** `{"InactiveInstanceException":"text"}` (single key), or `{"type":"...","message":{"message":"..."}}`, or AWS's `__type`. */
function refusalOf(status: number, body: string): UpgradeRefusedError {
  const fallback = new UpgradeRefusedError(`HTTP ${status}`, `HTTP ${status}: ${body.slice(0, 200)}`);
  const parsed = parseJson(body);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return fallback;
  const reader = new Reader(parsed, 'refusal');
  for (const key of ['type', '__type']) {
    const type = reader.raw(key);
    if (typeof type === 'string')
      return new UpgradeRefusedError(type.split('#').at(-1) ?? type, body.slice(0, 500));
  }
  const [code] = reader.keys();
  const text = code === undefined ? undefined : reader.raw(code);
  return code?.endsWith('Exception') && typeof text === 'string'
    ? new UpgradeRefusedError(code, text)
    : fallback;
}

function textOf(data: Buffer | ArrayBuffer | Buffer[]): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.isBuffer(data) ? data.toString('utf8') : Buffer.from(data).toString('utf8');
}
