import { request as httpRequestTo } from 'node:http';
import { headOf, httpRequest, signerOf } from './signing.ts';
import type { TestGateway } from './test-gateway.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Sends bytes as they are. */
export function send(
  { port }: TestGateway,
  options: { method?: string; path?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Answer> {
  const { method = 'POST', path = '/', headers = {}, body = '' } = options;
  return new Promise((resolve, reject) => {
    const outgoing = httpRequestTo(
      { port, host: '127.0.0.1', method, path, headers, agent: false },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => {
          text += chunk;
        });
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Sends what the SDK's signer made of the request. */
export async function sendSigned(
  gateway: TestGateway,
  options: {
    service?: string;
    method?: string;
    path?: string;
    query?: Record<string, string>;
    headers?: Record<string, string>;
    body?: string;
  },
): Promise<Answer> {
  const { service = 'ecs', method = 'POST', path = '/', query = {}, headers = {}, body = '' } = options;
  const unsigned = { method, path, query, body, headers: { ...headers, host: `127.0.0.1:${gateway.port}` } };
  const signed = await signerOf(service).sign(httpRequest(unsigned));
  const { query: text } = headOf(signed);
  return send(gateway, {
    method,
    path: text === '' ? path : `${path}?${text}`,
    headers: signed.headers,
    body,
  });
}

/** The headers of an awsJson request to ECS. */
export const target = (operation: string): Record<string, string> => ({
  'content-type': 'application/x-amz-json-1.1',
  'x-amz-target': `AmazonEC2ContainerServiceV20141113.${operation}`,
});
