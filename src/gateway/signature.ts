import type { AuthenticationFailure } from '../protocols/index.ts';

/** What a request says about its signature, parsed but not believed. */
export interface Signature {
  readonly accessKeyId: string;
  /** `YYYYMMDD`, of the credential scope. */
  readonly date: string;
  readonly region: string;
  /** The signing name, e.g. `ecs`. */
  readonly service: string;
  /** Lower-case, in order. */
  readonly signedHeaders: readonly string[];
  /** 64 hexadecimal digits. */
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly timestamp: string;
  /** Epoch milliseconds of `timestamp`. */
  readonly signedAt: number;
  readonly sessionToken: string | undefined;
  /** Of a presigned request: how long it is good for after `signedAt`. */
  readonly expiresMs: number | undefined;
}

/** A signature that can't be accepted; the pipeline says it in the words of the service's protocol. */
export class SignatureProblem extends Error {
  override readonly name = 'SignatureProblem';
  readonly failure: AuthenticationFailure;

  constructor(failure: AuthenticationFailure, message: string) {
    super(message);
    this.failure = failure;
  }
}

/** The request's head, as sent. */
export interface RequestHead {
  readonly method: string;
  /** Percent-encoded, without the query. */
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Names and values in turn, nothing merged. */
  readonly rawHeaders: readonly string[];
}

const algorithm = 'AWS4-HMAC-SHA256';
const maxExpiresSeconds = 7 * 24 * 3600;

/**
 * The signature that a request carries, in its Authorization header or its query (presigned), or what is wrong
 * with it. The problem is given back and not thrown, because the service has yet to be found in whose words
 * it will be told.
 */
export function parseSignature(head: RequestHead): Signature | SignatureProblem {
  try {
    const authorization = single(head, 'authorization');
    if (authorization !== undefined) return fromHeader(head, authorization);
    if (/(^|&)X-Amz-(Algorithm|Signature|Credential)=/i.test(head.query)) return fromQuery(head);
    return new SignatureProblem('missing-token', 'Missing Authentication Token');
  } catch (error) {
    if (error instanceof SignatureProblem) return error;
    throw error;
  }
}

/** Tells a parsed signature from what is wrong with it. */
export function orThrow(parsed: Signature | SignatureProblem): Signature {
  if (parsed instanceof SignatureProblem) throw parsed;
  return parsed;
}

/** A signature that is wrong is no reason to do without. */
export function hasNoSignature(parsed: Signature | SignatureProblem): boolean {
  return parsed instanceof SignatureProblem && parsed.failure === 'missing-token';
}

function fromHeader(head: RequestHead, authorization: string): Signature {
  const space = authorization.indexOf(' ');
  if (authorization.slice(0, space) !== algorithm) {
    throw incomplete(`Authorization header must use ${algorithm}`);
  }
  const fields = { Credential: '', SignedHeaders: '', Signature: '' };
  for (const field of authorization.slice(space + 1).split(',')) {
    const equals = field.indexOf('=');
    const name = field.slice(0, Math.max(0, equals)).trim();
    if (name === 'Credential' || name === 'SignedHeaders' || name === 'Signature')
      fields[name] = field.slice(equals + 1).trim();
  }
  const { Credential: credential, SignedHeaders: signedHeaders, Signature: signature } = fields;
  const timestamp = single(head, 'x-amz-date') ?? fromHttpDate(single(head, 'date'));
  if (!credential || !signedHeaders || !signature || timestamp === undefined) {
    const lacking = Object.entries(fields).filter(([, value]) => !value);
    const needs = lacking.map(([name]) => `Authorization header requires '${name}' parameter.`);
    if (timestamp === undefined) {
      needs.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
    }
    throw incomplete(needs.join(' '));
  }
  const sessionToken = single(head, 'x-amz-security-token');
  return complete({ credential, signedHeaders, signature, timestamp, sessionToken, expiresMs: undefined });
}

function fromQuery(head: RequestHead): Signature {
  const query = new URLSearchParams(head.query);
  const required = (name: string): string => {
    const value = query.get(name);
    if (value === null || value === '') {
      throw incomplete(`AWS query-string parameters must include '${name}'.`);
    }
    return value;
  };
  if (required('X-Amz-Algorithm') !== algorithm) throw incomplete(`X-Amz-Algorithm must be ${algorithm}`);
  const expires = required('X-Amz-Expires');
  const expiresSeconds = /^\d{1,6}$/.test(expires) ? Number(expires) : Number.NaN;
  if (!(expiresSeconds >= 1 && expiresSeconds <= maxExpiresSeconds)) {
    throw incomplete(`X-Amz-Expires must be a number of seconds from 1 to ${maxExpiresSeconds}`);
  }
  return complete({
    credential: required('X-Amz-Credential'),
    signedHeaders: required('X-Amz-SignedHeaders'),
    signature: required('X-Amz-Signature'),
    timestamp: required('X-Amz-Date'),
    sessionToken: query.get('X-Amz-Security-Token') ?? undefined,
    expiresMs: expiresSeconds * 1000,
  });
}

/** Access key, date, region, service. */
const credentialPattern = /^(\w{1,128})\/(\d{8})\/([a-z][a-z0-9-]{1,62})\/([a-z0-9-]{1,64})\/aws4_request$/;

function complete(parts: {
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly timestamp: string;
  readonly sessionToken: string | undefined;
  readonly expiresMs: number | undefined;
}): Signature {
  const scope = credentialPattern.exec(parts.credential);
  if (scope === null) {
    throw incomplete('Credential must have the form <access-key>/<YYYYMMDD>/<region>/<service>/aws4_request');
  }
  const [, accessKeyId = '', date = '', region = '', service = ''] = scope;
  if (!/^[0-9a-f]{64}$/.test(parts.signature)) throw incomplete('Signature must be 64 hexadecimal digits');
  const signedAt = epochOf(parts.timestamp);
  if (signedAt === undefined) throw incomplete('X-Amz-Date must have the form YYYYMMDDTHHMMSSZ');
  if (!parts.timestamp.startsWith(date)) {
    throw new SignatureProblem(
      'invalid-signature',
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${date}' != '${parts.timestamp.slice(0, 8)}', from '${parts.timestamp}'.`,
    );
  }
  return {
    accessKeyId,
    date,
    region,
    service,
    signedHeaders: parts.signedHeaders.toLowerCase().split(';'),
    signature: parts.signature,
    timestamp: parts.timestamp,
    signedAt,
    sessionToken: parts.sessionToken,
    expiresMs: parts.expiresMs,
  };
}

function incomplete(message: string): SignatureProblem {
  return new SignatureProblem('incomplete-signature', message);
}

function single(head: RequestHead, name: string): string | undefined {
  const value = head.headers[name];
  return value === undefined || typeof value === 'string' ? value : value[0];
}

const timestampPattern = /^\d{8}T\d{6}Z$/;

function epochOf(timestamp: string): number | undefined {
  if (!timestampPattern.test(timestamp)) return undefined;
  const part = (start: number, end: number): number => Number(timestamp.slice(start, end));
  return Date.UTC(part(0, 4), part(4, 6) - 1, part(6, 8), part(9, 11), part(11, 13), part(13, 15));
}

/** `YYYYMMDDTHHMMSSZ`. */
export function timestampOf(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/[:-]|\.\d{3}/g, '');
}

function fromHttpDate(date: string | undefined): string | undefined {
  if (date === undefined) return undefined;
  if (timestampPattern.test(date)) return date;
  const epochMs = Date.parse(date);
  return Number.isNaN(epochMs) ? undefined : timestampOf(epochMs);
}
