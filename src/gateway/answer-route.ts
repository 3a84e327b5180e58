import { Refusal, type WireAnswer } from '../protocols/index.ts';
import { assertAllowed } from './authorization.ts';
import { readBody } from './body.ts';
import type { Exchange } from './exchange.ts';
import type { PipelineParts } from './parts.ts';
import { type Route, type RouteAnswer, type RouteRequest, signingNameOf } from './route.ts';
import { isFromThisMachine } from './same-machine.ts';
import { hasNoSignature, orThrow, parseSignature, SignatureProblem } from './signature.ts';

const maxBodyBytes = 1024 * 1024;
const accessDenied = { code: 'AccessDeniedException', status: 403 };

/** The steps of the pipeline, for a route: there is no service to find and no schema to read by. */
export async function answerRoute(
  exchange: Exchange,
  found: { readonly target: Route; readonly labels: ReadonlyMap<string, string> },
  parts: PipelineParts,
): Promise<WireAnswer> {
  const { target: route, labels } = found;
  const { head, request } = exchange;
  exchange.signingName = signingNameOf(route);
  exchange.operation = `${route.method} ${route.path}`;
  const requestOf = (body: Buffer): RouteRequest => ({
    labels,
    query: new URLSearchParams(head.query),
    body: parseJson(body),
  });

  if (!route.isSigned) {
    return write(await route.handle(requestOf(await readBody(request, maxBodyBytes))));
  }
  const parsed = parseSignature(head);
  if (route.handleLocal !== undefined && hasNoSignature(parsed) && isFromThisMachine(request)) {
    return write(await route.handleLocal(requestOf(await readBody(request, maxBodyBytes))));
  }
  const signature = orThrow(parsed);
  const signingName = signingNameOf(route);
  if (signature.service !== signingName) {
    throw new SignatureProblem(
      'invalid-signature',
      `Credential should be scoped to correct service: '${signingName}'.`,
    );
  }
  const body = await readBody(request, maxBodyBytes);
  const principal = parts.verifier.verify(head, body, signature, exchange.now);
  const { action } = route;
  const call = exchange.callOf(principal, signature.region);
  const resources = route.resources?.(labels, call) ?? ['*'];
  assertAllowed(call, parts, { action, resources }, accessDenied);
  return write(await route.handle(requestOf(body), call));
}

function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new Refusal('SerializationException', 'The request body is not valid JSON', { status: 400, cause });
  }
}

function write(answer: RouteAnswer): WireAnswer {
  const { status } = answer;
  if ('xml' in answer) return { status, headers: { 'content-type': 'text/xml' }, body: answer.xml };
  if ('text' in answer) return { status, headers: { 'content-type': answer.contentType }, body: answer.text };
  const { body } = answer;
  return { status, headers: { 'content-type': 'application/json' }, body: `${JSON.stringify(body)}\n` };
}
