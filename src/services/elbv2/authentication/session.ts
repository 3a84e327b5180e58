import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { cookieOf, type HeaderFields, mostSessionCookies } from '../../../balancing/index.ts';
import type { Sealer } from '../../../sealing/index.ts';

/** What a client keeps of being signed in: sealed, so it tells and takes nothing. */
export interface Session {
  readonly listenerArn: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly accessToken: string;
  /** Epoch seconds; absent: it is good as long as the session. */
  readonly accessExpiresAt?: number;
  readonly refreshToken?: string;
  /** Of the user info endpoint. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Epoch seconds. How long it holds from then on is what its rule says now. */
  readonly signedInAt: number;
}

const purpose = 'session';
/** "Most browsers limit a cookie to 4K in size", its name included. */
const mostCookieBytes = 4_000;
/** Of a session before it is sealed: what opening one may cost. */
const mostSessionBytes = 65_536;

/** What is in the cookies of a session. `invalid`: it is not what this load balancer gave. */
export function readSession(
  sealer: Sealer,
  name: string,
  headers: HeaderFields,
): Session | 'none' | 'invalid' {
  const shards: string[] = [];
  for (let at = 0; at < mostSessionCookies; at += 1) {
    const shard = cookieOf(headers, `${name}-${at}`);
    if (shard === undefined || shard === '') break;
    shards.push(shard);
  }
  if (shards.length === 0) return 'none';
  const opened = sealer.openBytes(shards.join(''), purpose);
  if (opened === undefined) return 'invalid';
  const text = inflateRawSync(opened, { maxOutputLength: mostSessionBytes }).toString('utf8');
  return JSON.parse(text) as Session;
}

/**
 * The values of `Set-Cookie` by which a client keeps a session. Cookies of an earlier, longer one are taken away.
 * @param headers What the client sent.
 * @param expiresAt Epoch seconds.
 * @returns undefined: it is larger than clients keep.
 */
export function sessionCookies(
  sealer: Sealer,
  name: string,
  session: Session,
  headers: HeaderFields,
  expiresAt: number,
): readonly string[] | undefined {
  const told = JSON.stringify(session);
  if (Buffer.byteLength(told) > mostSessionBytes) return undefined;
  const text = sealer.seal(deflateRawSync(told), purpose);
  const size = mostCookieBytes - name.length;
  const count = Math.ceil(text.length / size);
  if (count > mostSessionCookies) return undefined;
  const expires = new Date(expiresAt * 1_000).toUTCString();
  return [
    ...Array.from({ length: count }, (_, at) =>
      cookie(`${name}-${at}`, text.slice(at * size, (at + 1) * size), expires),
    ),
    ...expiredCookies(name, headers, count),
  ];
}

/** Takes away those cookies of a session that a client sent. @param from Earlier ones are left. */
export function expiredCookies(name: string, headers: HeaderFields, from = 0): readonly string[] {
  const expired = new Date(0).toUTCString();
  return Array.from({ length: mostSessionCookies }, (_, at) => at)
    .filter((at) => at >= from && cookieOf(headers, `${name}-${at}`) !== undefined)
    .map((at) => cookie(`${name}-${at}`, '', expired));
}

/** As applications are never to read one: only over TLS, and not for scripts. */
export function cookie(name: string, value: string, expires: string): string {
  return `${name}=${value}; Expires=${expires}; Path=/; Secure; HttpOnly`;
}
