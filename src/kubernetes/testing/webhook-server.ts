import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { testIdentity } from './test-identity.ts';

// biome-ignore lint/suspicious/noExplicitAny: requests and answers of any kind, which tests look into and make up.
type Any = any;

/** What a webhook answers: what JSON makes of it, or bytes as they are; `hang`: never; `switch`: another protocol. */
export type WebhookAnswer = (
  review: Any,
  path: string,
) => object | string | 'hang' | 'switch' | Promise<object | string>;

/** A webhook over TLS, with an authority of its own. */
export interface WebhookServer extends AsyncDisposable {
  readonly port: number;
  /** As objects carry it: PEM in base64. */
  readonly caBundle: string;
  /** Every request so far, in order. */
  readonly reviews: readonly Any[];
}

/** @param names Of hosts that its certificate is for, besides 127.0.0.1. */
export async function startWebhook(
  answer: WebhookAnswer,
  names: readonly string[] = [],
): Promise<WebhookServer> {
  const { caBundle, ...identity } = await testIdentity(names);
  const reviews: Any[] = [];
  const server = createServer(identity, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const review: Any = JSON.parse(Buffer.concat(chunks).toString());
      reviews.push(review);
      const told = await answer(review, request.url ?? '');
      if (told === 'hang') return;
      if (told === 'switch') {
        request.socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n',
        );
        return;
      }
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(typeof told === 'string' ? told : JSON.stringify(told));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    caBundle,
    reviews,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const answered = (review: Any, response: object): object => ({
  ...{ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' },
  response: { uid: review.request.uid, ...response },
});

export const allow = (review: Any, more: object = {}): object => answered(review, { allowed: true, ...more });

export const deny = (review: Any, status?: object): object => answered(review, { allowed: false, status });

/** @param operations A JSON patch. */
export const patchWith = (review: Any, operations: readonly object[]): object =>
  allow(review, {
    patchType: 'JSONPatch',
    patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
  });
