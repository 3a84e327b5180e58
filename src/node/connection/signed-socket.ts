import { WebSocket } from 'ws';
import type { Clock } from '../../clock/index.ts';
import type { AgentCredentials } from '../agent-credentials.ts';
import { parseJson, Reader } from '../reading.ts';
import { signedHeaders } from './signed-headers.ts';

/** Frames larger than this close the link: a payload of a thousand tasks is well below. */
const maximumFrameBytes = 16 * 1_048_576;
const maximumRefusalBytes = 8_192;
const handshakeTimeoutMs = 30_000;
/** How long the other side's farewell is waited for: where the network is gone it never comes, and the agent has to end. */
const farewell = { closeTimeout: 1_000 };

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
  /** Default: `ecs`. */
  readonly service?: string;
  readonly region: string;
  readonly credentials: AgentCredentials;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Gets every text frame from the first on: one may come with the upgrade's answer. */
  onMessage?(text: string): void;
  /** The same for binary frames. */
  onBinary?(frame: Buffer): void;
}

export type OpenSocket = (url: URL, options: SocketOptions) => Promise<AgentSocket>;

/**
 * Opens a WebSocket whose upgrade request is signed (SigV4 in the headers), as ACS, TCS and Session Manager want it.
 * @throws {UpgradeRefusedError}, or what kept the connection from being made.
 */
export async function openSignedSocket(url: URL, options: SocketOptions): Promise<AgentSocket> {
  const headers = await signedHeaders({ method: 'GET', url, service: options.service ?? 'ecs' }, options);
  options.signal.throwIfAborted();
  const socketUrl = new URL(url);
  socketUrl.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(socketUrl, {
    headers,
    maxPayload: maximumFrameBytes,
    perMessageDeflate: false,
    followRedirects: false,
    ...farewell,
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
    const frame = bytesOf(data);
    if (isBinary) options.onBinary?.(frame);
    else options.onMessage?.(frame.toString('utf8'));
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

function bytesOf(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
