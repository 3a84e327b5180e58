import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TargetPlan } from '../../../balancing/index.ts';
import { target } from './plans.ts';

/** A target on loopback. */
export interface TestTarget extends AsyncDisposable {
  readonly plan: TargetPlan;
  /** What it was asked, health checks left out. */
  readonly requests: readonly IncomingMessage[];
}

export async function openTarget(answer: RequestListener): Promise<TestTarget> {
  const requests: IncomingMessage[] = [];
  const server = createServer({ maxHeaderSize: 131_072 }, (message, response) => {
    if (message.headers['user-agent'] === 'ELB-HealthChecker/2.0') response.end();
    else {
      requests.push(message);
      answer(message, response);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    requests,
    plan: target('127.0.0.1', { port }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export async function get(
  port: number,
  path = '/',
  headers: readonly (readonly [string, string])[] = [],
  method = 'GET',
): Promise<Answer> {
  const hasHost = headers.some(([name]) => name.toLowerCase() === 'host');
  const sent = request({
    ...{ port, path, method, host: '127.0.0.1', agent: false },
    headers: [...(hasHost ? [] : [['Host', 'web.example']]), ...headers].flat(),
  });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, headers: response.headers, body };
}
