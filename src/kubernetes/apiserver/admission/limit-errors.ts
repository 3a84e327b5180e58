import { formatQuantity, type Quantity } from '../../../quantity.ts';
import { type JsonObject, memberOf, textOf } from '../../objects/object.ts';
import { type Amounts, amountsOf } from '../../quota/amounts.ts';

interface Given {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

/** What of a container, a pod or a claim is beyond an item of a LimitRange, in upstream's words. */
export function limitErrors(limit: JsonObject, given: Given): readonly string[] {
  const type = textOf(limit, 'type');
  const isClaim = type === 'PersistentVolumeClaim';
  return [
    ...each(limit, 'min', (name, bound) => minimumError(type, name, bound, given)),
    ...each(limit, 'max', (name, bound) => (isClaim ? claimError : maximumError)(type, name, bound, given)),
    ...each(limit, 'maxLimitRequestRatio', (name, bound) => ratioError(type, name, bound, given)),
  ];
}

function each(
  limit: JsonObject,
  member: string,
  check: (name: string, bound: Quantity) => string | undefined,
): readonly string[] {
  return [...amountsOf(memberOf(limit, member))]
    .map(([name, bound]) => check(name, bound))
    .filter((it) => it !== undefined);
}

const text = formatQuantity;

function minimumError(
  type: string,
  name: string,
  bound: Quantity,
  { requests, limits }: Given,
): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const head = `minimum ${name} usage per ${type} is ${text(bound)}`;
  if (request === undefined) return `${head}.  No request is specified`;
  if (request.nanos < bound.nanos) return `${head}, but request is ${text(request)}`;
  if (limit !== undefined && limit.nanos < bound.nanos) return `${head}, but limit is ${text(limit)}`;
  return undefined;
}

function maximumError(
  type: string,
  name: string,
  bound: Quantity,
  { requests, limits }: Given,
): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const head = `maximum ${name} usage per ${type} is ${text(bound)}`;
  if (limit === undefined) return `${head}.  No limit is specified`;
  if (limit.nanos > bound.nanos) return `${head}, but limit is ${text(limit)}`;
  if (request !== undefined && request.nanos > bound.nanos) return `${head}, but request is ${text(request)}`;
  return undefined;
}

/** Claims have no limits. */
function claimError(type: string, name: string, bound: Quantity, { requests }: Given): string | undefined {
  const request = requests.get(name);
  const head = `maximum ${name} usage per ${type} is ${text(bound)}`;
  if (request === undefined) return `${head}.  No request is specified`;
  return request.nanos > bound.nanos ? `${head}, but request is ${text(request)}` : undefined;
}

function ratioError(
  type: string,
  name: string,
  bound: Quantity,
  { requests, limits }: Given,
): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const head = `${name} max limit to request ratio per ${type} is ${text(bound)}`;
  if (request === undefined || request.nanos === 0n)
    return `${head}, but no request is specified or request is 0`;
  if (limit === undefined || limit.nanos === 0n) return `${head}, but no limit is specified or limit is 0`;
  const ratio = Number(limit.nanos) / Number(request.nanos);
  return ratio > Number(bound.nanos) / 1e9 ? `${head}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
}
