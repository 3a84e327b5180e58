import { type Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** The headers of an awsJson request to ECS. */
export const target = (operation: string): Record<string, string> => ({
  'content-type': 'application/x-amz-json-1.1',
  'x-amz-target': `AmazonEC2ContainerServiceV20141113.${operation}`,
});

/**
 * Sends it as it is, whatever an SDK would have refused to send.
 * @param agent Connections to use again; without it the request has one of its own.
 */
export function send(
  endpoint: string,
  request: RawRequest,
  agent: Agent | false = false,
): Promise<RawAnswer> {
  const { method = 'POST', path = '/', headers = {}, body = '' } = request;
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      new URL(path, endpoint),
      { method, headers, agent, timeout: 30_000 },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => {
          text += chunk;
        });
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }),
        );
        incoming.on('error', reject);
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The request's headers with a signature over what it is now; what is bent afterwards is not covered by it. */
export async function signed(
  endpoint: string,
  environment: Readonly<Record<string, string>>,
  request: RawRequest,
  options: { readonly signingDate?: Date; readonly service?: string } = {},
): Promise<RawRequest> {
  const { signingDate = new Date(), service = 'ecs' } = options;
  const { host, hostname } = new URL(endpoint);
  const { method = 'POST', path = '/', headers = {}, body = '' } = request;
  const signer = new SignatureV4({
    service,
    region: environment.AWS_REGION ?? '',
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
    },
    sha256: Hash.bind(null, 'sha256'),
  });
  const answer = await signer.sign(
    { method, protocol: 'http:', hostname, path, query: {}, headers: { ...headers, host }, body },
    { signingDate },
  );
  return { method, path, body, headers: answer.headers };
}

/** Writes bytes to a connection of its own and gives what came back until the other side closed it. */
export function sendBytes(endpoint: string, bytes: Buffer | string): Promise<string> {
  const { port, hostname } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setTimeout(30_000, () => socket.destroy(new Error(`still open; it said: ${text}`)));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') resolve(text);
      else reject(error);
    });
    socket.on('close', () => resolve(text));
  });
}
