import { Refusal, type WireAnswer } from '../protocols/index.ts';
import { anonymousPrincipal, type SupportedOperation } from '../services/service.ts';
import { answerError } from './answer-error.ts';
import { answerRoute } from './answer-route.ts';
import { assertMayRun } from './authorization.ts';
import { decodedBody } from './content-encoding.ts';
import type { Exchange } from './exchange.ts';
import { findService } from './find-service.ts';
import type { PipelineParts } from './parts.ts';
import type { LoadedService } from './service-catalog.ts';
import { hasNoSignature, orThrow, parseSignature } from './signature.ts';

/**
 * The way of a request, in order. Nothing is loaded or read for a service that is not offered; the body is not
 * looked into before its sender is known; the input is complete before anyone asks whether it is allowed; and
 * nothing happens before it is.
 *
 * The request's id, its time, and the bounds on connections, headers and slowness come before: `gateway.ts`.
 */
async function throughTheSteps(exchange: Exchange, parts: PipelineParts): Promise<WireAnswer> {
  const { head, requestId } = exchange;

  const route = parts.routes.find(head.method, head.path);
  if (route !== undefined) return answerRoute(exchange, route, parts);

  const parsed = parseSignature(head);
  const service = await findService(exchange, parsed, parts.catalog);
  const codec = service.codecOf(head);
  exchange.service = service;
  exchange.signingName = service.signingName;
  exchange.codec = codec;
  const isUnsigned = service.takesUnsigned && hasNoSignature(parsed);
  const signature = isUnsigned ? undefined : orThrow(parsed);

  const body = await exchange.readBody(service.rules.maxBodyBytes);
  const principal =
    signature === undefined ? anonymousPrincipal : parts.verifier.verify(head, body, signature, exchange.now);

  const opened = codec.open({ ...head, body: decodedBody(head, body, service.rules.maxBodyBytes) });
  exchange.operation = opened.operation.name;
  if (isUnsigned && !mayBeUnsigned(service, opened.operation.name)) orThrow(parsed);
  const operation = supportedOperation(service, opened.operation.name);
  const input = opened.readInput();

  const call = exchange.callOf(principal, signature?.region ?? unsignedRegion);
  assertMayRun(operation, input, call, parts, service.rules.accessDenied);

  const output = await operation.run(input, call);
  return codec.writeOutput(opened.operation, output, requestId);
}

/** Undefined when there is nobody left to answer. */
export async function answerRequest(
  exchange: Exchange,
  parts: PipelineParts,
): Promise<WireAnswer | undefined> {
  try {
    return await throughTheSteps(exchange, parts);
  } catch (error) {
    return answerError(exchange, error, parts);
  }
}

/** Where a signature would tell the region: that of STS's global endpoint. */
const unsignedRegion = 'us-east-1';

function mayBeUnsigned({ operations }: LoadedService, name: string): boolean {
  return Object.hasOwn(operations, name) && operations[name]?.isUnsigned === true;
}

function supportedOperation(service: LoadedService, name: string): SupportedOperation {
  const entry = Object.hasOwn(service.operations, name) ? service.operations[name] : undefined;
  if (entry !== undefined && 'run' in entry) return entry;
  const { code, status } = service.rules.notSupported;
  const message = entry?.refused ?? `${name} is not supported by this version of Catamaran yet.`;
  throw new Refusal(code, message, { status });
}
