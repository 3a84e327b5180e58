import type { Duplex } from 'node:stream';
import { STATUS_CODES } from '../http.ts';
import { type HttpRoutes, Refusal, type WireAnswer } from '../protocols/index.ts';
import type { Upgrade } from '../services/service.ts';
import { answerError } from './answer-error.ts';
import { assertAllowed } from './authorization.ts';
import type { Exchange } from './exchange.ts';
import type { PipelineParts } from './parts.ts';
import { orThrow, parseSignature, SignatureProblem } from './signature.ts';

/** A WebSocket endpoint, and the service that its requests are signed for. */
export interface UpgradeTarget {
  readonly signingName: string;
  readonly upgrade: Upgrade;
}

const nothing = Buffer.alloc(0);

/**
 * The steps of the pipeline, for a connection that wants to become a WebSocket: the same proof of who asks,
 * the same question whether they may, then the socket is the service's. A refusal is a plain HTTP answer.
 */
export async function acceptUpgrade(
  exchange: Exchange,
  socket: Duplex,
  first: Buffer,
  targets: HttpRoutes<UpgradeTarget>,
  parts: PipelineParts,
): Promise<void> {
  // Stays on for good: whoever refuses the connection later still writes to this socket.
  socket.on('error', () => socket.destroy());
  try {
    const { head, request } = exchange;
    const found = targets.find(head.method, head.path);
    if (found === undefined) {
      throw new Refusal('NotFound', `No WebSocket is served at ${head.path}`, { status: 404 });
    }
    const { target, labels } = found;
    const { upgrade } = target;
    if (upgrade.isOpen) {
      await upgrade.accept(request, socket, first, exchange.signal, labels);
      return;
    }
    const service = await parts.catalog.find(target.signingName);
    exchange.service = service;
    exchange.codec = service?.codecOf(exchange.head);
    const signature = orThrow(parseSignature(head));
    if (signature.service !== target.signingName) {
      throw new SignatureProblem(
        'invalid-signature',
        `Credential should be scoped to correct service: '${target.signingName}'.`,
      );
    }
    const principal = parts.verifier.verify(head, nothing, signature, exchange.now);
    const { action } = upgrade;
    exchange.operation = action;
    const denied = service?.rules.accessDenied ?? { code: 'AccessDeniedException', status: 403 };
    const query = new URLSearchParams(head.query);
    const call = exchange.callOf(principal, signature.region);
    const asked = {
      action,
      resources: upgrade.resources?.(query, call) ?? ['*'],
      conditions: (resource: string) => upgrade.conditions?.(query, call, resource) ?? {},
    };
    assertAllowed(call, parts, asked, denied);
    if (socket.destroyed) return;
    await upgrade.accept(request, socket, first, call, labels);
  } catch (error) {
    const answer = answerError(exchange, error, parts);
    if (answer === undefined) socket.destroy();
    // The sender may keep its half open: no timeout of HTTP's holds for it any more.
    else socket.end(httpText(answer, exchange.requestId), () => socket.destroy());
  }
}

function httpText({ status, headers, body }: WireAnswer, requestId: string): string {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `x-amzn-RequestId: ${requestId}`,
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${text}`;
}
