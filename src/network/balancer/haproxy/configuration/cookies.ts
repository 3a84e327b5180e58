import { cookieKeptSeconds } from '../../../../balancing/index.ts';

/**
 * Cookies of stickiness: `<token>.<when it ends, in seconds of the epoch>`. How long they hold is decided here and not by
 * the client, which keeps them for a week.
 */

/** What `isFresh` compares with. */
export const nowLine = 'http-request set-var(txn.now) date()';

/** A condition: the client's cookie of that name still holds. */
export function isFresh(name: string): string {
  return `{ req.cook(${name}),field(2,.),sub(txn.now) -m int gt 0 }`;
}

/** Sends a cookie and, if it has one, its copy for requests from other sites. */
export function cookieLines({
  name,
  copy,
  token,
  seconds,
  when,
}: {
  readonly name: string;
  readonly copy?: string;
  /** A log format. */
  readonly token: string;
  readonly seconds: number;
  readonly when: string;
}): string[] {
  const value = `${token}.%[date(${seconds})]; Expires=%[date(${cookieKeptSeconds}),http_date]; Path=/`;
  return [
    `http-response add-header Set-Cookie '${name}=${value}' if ${when}`,
    ...(copy === undefined
      ? []
      : [`http-response add-header Set-Cookie '${copy}=${value}; SameSite=None; Secure' if ${when}`]),
  ];
}
