import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { request as httpRequest } from '../../../http.ts';
import type { Handler } from './handler.ts';

export type HttpHandler = Extract<Handler, { readonly type: 'http' }>;
export type Connect = (address: string, port: number, signal: AbortSignal) => Promise<Socket>;

/** What is read of an answer. */
const mostBodyBytes = 10 * 1024;
const mostRedirects = 10;

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  /** It leads to another host, whither nobody follows. */
  readonly leadsElsewhere: boolean;
}

/** As kubelets ask: redirects are followed on the same host, certificates are not looked at. @throws {Error} in Go's words. */
export async function httpGet(
  handler: HttpHandler,
  {
    connect,
    userAgent,
    signal,
  }: { readonly connect: Connect; readonly userAgent: string; readonly signal: AbortSignal },
): Promise<HttpAnswer> {
  let { scheme, port, path } = handler;
  for (let redirects = 0; ; redirects++) {
    const url = new URL(`${scheme}://${handler.address}:${port}${path}`);
    const answer = await once({ ...handler, scheme, port, path }, url, { connect, userAgent, signal });
    const { status, location } = answer;
    if (location === undefined || status < 300 || status >= 400) return { ...answer, leadsElsewhere: false };
    const next = new URL(location, url);
    if (next.hostname !== url.hostname) return { ...answer, leadsElsewhere: true };
    if (redirects === mostRedirects)
      throw new Error(`Get ${JSON.stringify(location)}: stopped after ${mostRedirects} redirects`);
    scheme = next.protocol === 'https:' ? 'https' : 'http';
    port = Number(next.port) || (scheme === 'https' ? 443 : 80);
    path = `${next.pathname}${next.search}`;
  }
}

async function once(
  handler: HttpHandler,
  url: URL,
  {
    connect,
    userAgent,
    signal,
  }: { readonly connect: Connect; readonly userAgent: string; readonly signal: AbortSignal },
): Promise<{ readonly status: number; readonly body: string; readonly location: string | undefined }> {
  const { scheme, address, port, path, headers } = handler;
  const shown = `Get ${JSON.stringify(String(url))}`;
  let socket: Socket | undefined;
  try {
    socket = await connect(address, port, signal);
    const open = socket;
    const asked = { 'user-agent': userAgent, accept: '*/*', connection: 'close', ...headersOf(headers) };
    // Without an agent: one would open a connection of its own.
    const options = {
      method: 'GET',
      path,
      host: address,
      port,
      headers: asked,
      signal,
    } as const;
    const servername = headers.find(({ name }) => name.toLowerCase() === 'host')?.value.split(':')[0] ?? '';
    const outgoing: ClientRequest =
      scheme === 'http'
        ? httpRequest({ ...options, createConnection: () => open })
        : httpsRequest({
            ...options,
            createConnection: () => tlsConnect({ socket: open, rejectUnauthorized: false, servername }),
          });
    const answer = await answerOf(outgoing);
    const body = await head(answer);
    return { status: answer.statusCode ?? 0, body, location: answer.headers.location };
  } catch (error) {
    if (signal.aborted)
      throw new Error(`${shown}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)`);
    throw new Error(`${shown}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    socket?.destroy();
  }
}

/** Of several of one name the last counts, but for the two that the kubelet would set: an empty one takes it away. */
function headersOf(headers: HttpHandler['headers']): Record<string, string> {
  return Object.fromEntries(headers.map(({ name, value }) => [name.toLowerCase(), value]));
}

function answerOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
    outgoing.end();
  });
}

async function head(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= mostBodyBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, mostBodyBytes).toString();
}
