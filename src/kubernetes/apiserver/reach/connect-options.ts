import type { Json } from '../../../store/index.ts';
import type { JsonObject } from '../../objects/object.ts';
import { isTrue } from '../request-info.ts';
import {
  badRequest,
  type FieldError,
  forbiddenField,
  invalid,
  invalidValue,
  notSupported,
} from '../status.ts';

/** `PodExecOptions` or `PodAttachOptions`, as they stand in a query. */
export function processOptions(query: URLSearchParams, kind: string): JsonObject {
  const container = query.get('container');
  const command = kind === 'PodExecOptions' ? query.getAll('command') : [];
  return {
    ...{ kind, apiVersion: 'v1' },
    ...flags(query, ['stdin', 'stdout', 'stderr', 'tty']),
    ...(container && { container }),
    ...(command.length > 0 && { command }),
  };
}

/** `PodPortForwardOptions`. @throws {ApiError} 400 */
export function portForwardOptions(query: URLSearchParams): JsonObject {
  const ports = query.getAll('ports').flatMap((it) => it.split(',').map(readInteger));
  return { kind: 'PodPortForwardOptions', apiVersion: 'v1', ...(ports.length > 0 && { ports }) };
}

export interface LogOptions {
  readonly container: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly sinceSeconds?: number;
  readonly sinceTime?: string;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  /** `All`, `Stdout` or `Stderr`. */
  readonly stream?: string;
  readonly insecureSkipTLSVerifyBackend: boolean;
}

/** @throws {ApiError} 400, 422: as `PodLogOptions` are validated. */
export function readLogOptions(query: URLSearchParams, name: string): LogOptions {
  const number = (key: string): number | undefined => {
    const text = query.get(key);
    return text === null || text === '' ? undefined : readInteger(text);
  };
  const [sinceSeconds, tailLines, limitBytes] = ['sinceSeconds', 'tailLines', 'limitBytes'].map(number);
  const [sinceTime, stream] = [query.get('sinceTime') || undefined, query.get('stream') || undefined];
  const errors: FieldError[] = [];
  if (tailLines !== undefined && tailLines < 0)
    errors.push(invalidValue('tailLines', tailLines, 'must be greater than or equal to 0'));
  if (limitBytes !== undefined && limitBytes < 1)
    errors.push(invalidValue('limitBytes', limitBytes, 'must be greater than 0'));
  if (sinceSeconds !== undefined && sinceTime !== undefined)
    errors.push(forbiddenField('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  else if (sinceSeconds !== undefined && sinceSeconds < 1)
    errors.push(invalidValue('sinceSeconds', sinceSeconds, 'must be greater than 0'));
  if (stream !== undefined && !['All', 'Stdout', 'Stderr'].includes(stream))
    errors.push(notSupported('stream', stream, ['All', 'Stderr', 'Stdout']));
  if (stream !== undefined && stream !== 'All' && tailLines !== undefined)
    errors.push(forbiddenField('', '`tailLines` and specific `stream` are mutually exclusive for now'));
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, name, errors);
  if (sinceTime !== undefined && Number.isNaN(Date.parse(sinceTime)))
    throw badRequest(`parsing time ${JSON.stringify(sinceTime)} as RFC 3339: it is none`);
  return {
    container: query.get('container') ?? '',
    follow: isTrue(query.get('follow')),
    previous: isTrue(query.get('previous')),
    timestamps: isTrue(query.get('timestamps')),
    insecureSkipTLSVerifyBackend: isTrue(query.get('insecureSkipTLSVerifyBackend')),
    ...(sinceSeconds !== undefined && { sinceSeconds }),
    ...(tailLines !== undefined && { tailLines }),
    ...(limitBytes !== undefined && { limitBytes }),
    ...(sinceTime !== undefined && { sinceTime }),
    ...(stream !== undefined && { stream }),
  };
}

function flags(query: URLSearchParams, names: readonly string[]): Record<string, Json> {
  return Object.fromEntries(names.filter((it) => isTrue(query.get(it))).map((it) => [it, true]));
}

function readInteger(text: string): number {
  if (!/^[+-]?\d{1,15}$/.test(text))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}
