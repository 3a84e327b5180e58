import type { User } from '../authentication/user.ts';

/** Whom a request is of, for a server that believes whoever shows the front proxy's certificate. */
export function remoteUserHeaders({
  username,
  uid,
  groups,
  extra = {},
}: User): Record<string, string | string[]> {
  return {
    'X-Remote-User': username,
    ...(uid !== undefined && uid !== '' && { 'X-Remote-Uid': uid }),
    ...(groups.length > 0 && { 'X-Remote-Group': [...groups] }),
    ...Object.fromEntries(
      Object.entries(extra).map(([key, values]) => [`X-Remote-Extra-${escaped(key)}`, [...values]]),
    ),
  };
}

/** What may not stand in a header's name is written in percents. */
const escaped = (key: string): string =>
  [...Buffer.from(key)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      const isPlain = /[A-Za-z0-9!#$&'*+.^_`|~-]/.test(character);
      return isPlain ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');

/** Of a connection, not of a request; and what says who asks, which the front proxy alone says. */
const ownHeaders =
  /^(authorization|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|impersonate-.*|x-remote-.*)$/i;

/** Headers as they are passed on. */
export const passedHeaders = (
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | string[] | undefined> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !ownHeaders.test(name)));
