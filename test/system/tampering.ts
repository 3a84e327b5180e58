import type { Random } from '../../src/clock/index.ts';

/** A signed request as bytes of HTTP carry it. */
export interface SentRequest {
  readonly method: string;
  readonly path: string;
  /** Names and values as they stand in the query, encoded. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Tamper = (request: SentRequest, random: Random) => SentRequest | undefined;

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** One character of `text` made another one of letters and digits; undefined: there is none to change. */
function bent(random: Random, text: string, alphabet = letters): string | undefined {
  const places = [...text].flatMap((character, place) => (/[A-Za-z0-9]/.test(character) ? [place] : []));
  const place = places[random.integer(Math.max(places.length, 1))];
  if (place === undefined) return undefined;
  const others = [...alphabet].filter((letter) => letter !== text[place]);
  return text.slice(0, place) + others[random.integer(others.length)] + text.slice(place + 1);
}

function oneOf<T>(random: Random, items: readonly T[]): T | undefined {
  return items[random.integer(Math.max(items.length, 1))];
}

const withHeader = (
  request: SentRequest,
  name: string,
  value: string | undefined,
): SentRequest | undefined =>
  value === undefined ? undefined : { ...request, headers: { ...request.headers, [name]: value } };

/** Changes the value of a part of the signature's own, wherever the request carries it. */
function inSignature(
  request: SentRequest,
  part: 'Credential' | 'SignedHeaders' | 'Signature',
  change: (value: string) => string | undefined,
): SentRequest | undefined {
  const { authorization } = request.headers;
  if (authorization === undefined) {
    return inQuery(request, `X-Amz-${part}`, (value) => {
      const changed = change(decodeURIComponent(value));
      return changed === undefined ? undefined : encodeURIComponent(changed);
    });
  }
  const [, before = '', value = '', after = ''] =
    new RegExp(`^(.*${part}=)([^,]*)(.*)$`).exec(authorization) ?? [];
  const changed = change(value);
  return changed === undefined || changed === value
    ? undefined
    : withHeader(request, 'authorization', before + changed + after);
}

function inQuery(
  request: SentRequest,
  name: string,
  change: (value: string) => string | undefined,
): SentRequest | undefined {
  const found = request.query.find(([key]) => key === name);
  const changed = found && change(found[1]);
  if (found === undefined || changed === undefined || changed === found[1]) return undefined;
  return { ...request, query: request.query.map((pair) => (pair === found ? [name, changed] : pair)) };
}

/** A part of the credential's scope: key, date, region, service, terminator. */
const inScope =
  (place: number): Tamper =>
  (request, random) =>
    inSignature(request, 'Credential', (credential) => {
      const parts = credential.split('/');
      const changed = bent(random, parts[place] ?? '', place === 1 ? '0123456789' : letters);
      return changed === undefined
        ? undefined
        : parts.map((part, at) => (at === place ? changed : part)).join('/');
    });

/** Every way to change what a signature must cover, or the signature; by what is changed. */
export const tamperings: Readonly<Record<string, Tamper>> = {
  method: (request, random) => {
    const method = oneOf(
      random,
      ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'].filter((it) => it !== request.method),
    );
    return method === undefined ? undefined : { ...request, method };
  },
  path: (request, random) => ({ ...request, path: `${request.path}${oneOf(random, [...letters])}` }),
  'query parameter': (request, random) => {
    const pair = oneOf(
      random,
      request.query.filter(([name]) => !name.startsWith('X-Amz-')),
    );
    return pair && inQuery(request, pair[0], (value) => bent(random, value));
  },
  'query parameter that is added': (request, random) => ({
    ...request,
    query: [...request.query, [`Added${random.integer(100)}`, '1']],
  }),
  'query parameter that is left out': (request, random) => {
    const pair = oneOf(random, request.query);
    return pair && { ...request, query: request.query.filter((it) => it !== pair) };
  },
  'signed header': (request, random) => {
    const name = oneOf(random, signedHeaders(request));
    return name === undefined
      ? undefined
      : withHeader(request, name, bent(random, request.headers[name] ?? ''));
  },
  'signed header that is left out': (request, random) => {
    // Without a host there is no HTTP.
    const name = oneOf(
      random,
      signedHeaders(request).filter((it) => it !== 'host'),
    );
    if (name === undefined) return undefined;
    const { [name]: _, ...headers } = request.headers;
    return { ...request, headers };
  },
  'x-amz- header that is added': (request, random) =>
    withHeader(request, `x-amz-added-${random.integer(100)}`, 'value'),
  'list of signed headers': (request, random) =>
    inSignature(request, 'SignedHeaders', (list) => {
      const names = list.split(';');
      const gone = oneOf(random, names);
      return random.float() < 0.5 ? names.filter((name) => name !== gone).join(';') : `${list};x-none`;
    }),
  body: (request, random) => {
    const body = request.body === '' ? 'x' : bent(random, request.body);
    return body === undefined ? undefined : { ...request, body };
  },
  'body that is longer': (request) => ({ ...request, body: `${request.body} ` }),
  'body that is shorter': (request) =>
    request.body === '' ? undefined : { ...request, body: request.body.slice(0, -1) },
  'access key': inScope(0),
  "scope's date": inScope(1),
  "scope's region": inScope(2),
  "scope's service": inScope(3),
  "scope's terminator": inScope(4),
  'another service’s scope': (request, random) =>
    inSignature(request, 'Credential', (credential) => {
      const [key, date, region, service, end] = credential.split('/');
      const other = oneOf(
        random,
        ['iam', 'sts', 'ecs'].filter((it) => it !== service),
      );
      return [key, date, region, other, end].join('/');
    }),
  time: (request, random) => {
    const moved = (time: string): string => {
      const [, day = '', seconds = ''] = /^(\d{8}T\d{4})(\d\d)Z$/.exec(time) ?? [];
      return `${day}${String((Number(seconds) + 1 + random.integer(59)) % 60).padStart(2, '0')}Z`;
    };
    const date = request.headers['x-amz-date'];
    return date === undefined
      ? inQuery(request, 'X-Amz-Date', moved)
      : withHeader(request, 'x-amz-date', moved(date));
  },
  lifetime: (request, random) =>
    inQuery(request, 'X-Amz-Expires', (value) => String(Number(value) + 1 + random.integer(1000))),
  signature: (request, random) =>
    inSignature(request, 'Signature', (signature) => bent(random, signature, '0123456789abcdef')),
  'signature that is cut': (request) =>
    inSignature(request, 'Signature', (signature) => signature.slice(0, -1)),
  'session token': (request, random) => {
    const token = request.headers['x-amz-security-token'];
    return token === undefined
      ? inQuery(request, 'X-Amz-Security-Token', (value) => bent(random, value))
      : withHeader(request, 'x-amz-security-token', bent(random, token));
  },
  'session token that is left out': (request) => {
    const { 'x-amz-security-token': token, ...headers } = request.headers;
    if (token !== undefined) return { ...request, headers };
    const query = request.query.filter(([name]) => name !== 'X-Amz-Security-Token');
    return query.length < request.query.length ? { ...request, query } : undefined;
  },
  algorithm: (request, random) => {
    const { authorization } = request.headers;
    return authorization === undefined
      ? inQuery(request, 'X-Amz-Algorithm', (value) => bent(random, value))
      : withHeader(
          request,
          'authorization',
          authorization.replace('AWS4', oneOf(random, ['AWS3', 'AWS5', 'aws4']) ?? ''),
        );
  },
};

function signedHeaders({ headers, query }: SentRequest): readonly string[] {
  const presigned = query.find(([name]) => name === 'X-Amz-SignedHeaders')?.[1];
  const list =
    presigned === undefined
      ? /SignedHeaders=([^,]*)/.exec(headers.authorization ?? '')?.[1]
      : decodeURIComponent(presigned);
  return (list ?? '').split(';').filter((name) => name in headers);
}
