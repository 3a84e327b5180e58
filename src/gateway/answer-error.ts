import { authenticationRefusal, plainRefusal, Refusal, type WireAnswer } from '../protocols/index.ts';
import { SenderGone } from './body.ts';
import type { Exchange } from './exchange.ts';
import type { PipelineParts } from './parts.ts';
import { SignatureProblem } from './signature.ts';

type Parts = Pick<PipelineParts, 'log' | 'refusalOf'>;

/** The one place where an error becomes an answer. */
export function answerError(exchange: Exchange, error: unknown, parts: Parts): WireAnswer | undefined {
  if (error instanceof SenderGone || exchange.isAbandoned) return undefined;
  const { codec, requestId } = exchange;
  const refusal = refusalOf(exchange, error, parts);
  if (codec !== undefined) return codec.writeRefusal(refusal, requestId);
  return plainRefusal(refusal, exchange.request.headers['content-type']);
}

function refusalOf(exchange: Exchange, error: unknown, parts: Parts): Refusal {
  const { service, codec } = exchange;
  if (error instanceof Refusal) return error;
  if (error instanceof SignatureProblem) {
    return authenticationRefusal(codec?.model.protocol ?? 'restJson1', error.failure, error.message);
  }
  const { requestId, operation } = exchange;
  const where = { requestId, service: service?.signingName, operation, path: exchange.head.path };
  const known = parts.refusalOf(error);
  if (known !== undefined) {
    parts.log.warn('A request failed', { ...where, error });
    return known;
  }
  parts.log.error('A request failed by a fault of ours', { ...where, error });
  const { code, status } = service?.rules.internalFailure ?? { code: 'InternalFailure', status: 500 };
  return new Refusal(
    code,
    'The request processing has failed because of an unknown error, exception or failure.',
    { status },
  );
}
