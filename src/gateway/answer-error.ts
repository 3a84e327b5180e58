import { authenticationRefusal, plainRefusal, Refusal, type WireAnswer } from '../protocols/index.ts';
import { SenderGone } from './body.ts';
import type { Exchange } from './exchange.ts';
import { SignatureProblem } from './signature.ts';

/** The part of a logger that the gateway uses; pino's has it. */
export interface GatewayLog {
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** The one place where an error becomes an answer. */
export function answerError(exchange: Exchange, error: unknown, log: GatewayLog): WireAnswer | undefined {
  if (error instanceof SenderGone || exchange.isAbandoned) return undefined;
  const { service, requestId } = exchange;
  const refusal = refusalOf(exchange, error, log);
  if (service !== undefined) return service.codec.writeRefusal(refusal, requestId);
  return plainRefusal(refusal, exchange.request.headers['content-type']);
}

function refusalOf(exchange: Exchange, error: unknown, log: GatewayLog): Refusal {
  const { service } = exchange;
  if (error instanceof Refusal) return error;
  if (error instanceof SignatureProblem) {
    return authenticationRefusal(service?.codec.model.protocol ?? 'restJson1', error.failure, error.message);
  }
  const { requestId, operation } = exchange;
  const where = { requestId, service: service?.signingName, operation, path: exchange.head.path };
  log.error({ ...where, err: error }, 'a request failed in a way that is nobody but ours to mend');
  const { code, status } = service?.rules.internalFailure ?? { code: 'InternalFailure', status: 500 };
  return new Refusal(
    code,
    'The request processing has failed because of an unknown error, exception or failure.',
    { status },
  );
}
