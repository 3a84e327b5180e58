import { Refusal, signingNameByMarks } from '../protocols/index.ts';
import type { Exchange } from './exchange.ts';
import { ownSigningName } from './route.ts';
import type { LoadedService, ServiceCatalog } from './service-catalog.ts';
import { type Signature, SignatureProblem } from './signature.ts';

/** Of a form that nobody has signed: as much as of a signed one. */
const maxUnsignedFormBytes = 1024 * 1024;

/**
 * The service that a request is for: the one in its signature's scope. Of a request without a usable signature, what it
 * carries besides (target, form, path) tells; all but the few operations that need none refuse it then, in the service's
 * own protocol.
 * @throws {Refusal} no service on offer is meant.
 */
export async function findService(
  exchange: Exchange,
  parsed: Signature | SignatureProblem,
  catalog: ServiceCatalog,
): Promise<LoadedService> {
  const isSigned = !(parsed instanceof SignatureProblem);
  const signingName = isSigned ? parsed.service : signingNameByMarks(await marksOf(exchange));
  const service = signingName === undefined ? undefined : catalog.find(signingName);
  if (service !== undefined) return service;
  if (isSigned && parsed.service !== ownSigningName) {
    throw new Refusal(
      'UnknownServiceException',
      `Catamaran does not offer the service ${parsed.service}. It offers: ${catalog.signingNames.join(', ')}.`,
      { status: 404 },
    );
  }
  // Somebody tried to sign: what is wrong with that says more than that the path leads nowhere.
  if (!isSigned && parsed.failure !== 'missing-token') throw parsed;
  throw notFound(exchange, catalog);
}

async function marksOf(exchange: Exchange): Promise<Parameters<typeof signingNameByMarks>[0]> {
  const { head, request } = exchange;
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') return { targetPrefix: target.slice(0, target.lastIndexOf('.')) };
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  const form = isForm ? (await exchange.readBody(maxUnsignedFormBytes)).toString('utf8') : head.query;
  const parameters = new URLSearchParams(form);
  if (parameters.has('Action')) return { version: parameters.get('Version') ?? undefined };
  return { pathRoot: head.path.split('/')[1] };
}

function notFound(exchange: Exchange, catalog: ServiceCatalog): Refusal {
  const { method, path } = exchange.head;
  return new Refusal(
    'NotFound',
    `Nothing answers ${method} ${path}. This is Catamaran, which speaks the AWS APIs of ` +
      `${catalog.signingNames.join(', ')}: set AWS_ENDPOINT_URL to this address and use any AWS CLI or SDK.`,
    { status: 404 },
  );
}
