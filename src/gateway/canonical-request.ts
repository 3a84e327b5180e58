import { type RequestHead, SignatureProblem } from './signature.ts';

/**
 * The canonical form of a request that both sides hash (AWS General Reference, "Create a canonical request"):
 * method, path, query, signed headers, their names, and the hash of the body, a line each.
 * @param signedHeaders Lower-case names in the signature's order.
 */
export function canonicalRequest(
  head: RequestHead,
  signedHeaders: readonly string[],
  bodyHash: string,
  isPresigned: boolean,
): string {
  const headers = headerValues(head.rawHeaders, signedHeaders);
  let lines = '';
  for (const name of signedHeaders) lines += `${name}:${headers.get(name) ?? ''}\n`;
  const query = head.query === '' ? '' : canonicalQuery(head.query, isPresigned);
  return `${head.method}\n${canonicalPath(head.path)}\n${query}\n${lines}\n${signedHeaders.join(';')}\n${bodyHash}`;
}

/**
 * Every service here signs the path as it is sent, encoded a second time, without empty and dot segments
 * (S3, which does neither, is not one of them).
 */
function canonicalPath(path: string): string {
  if (path === '/') return path;
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(encode(segment));
  }
  const isDirectory = segments.length > 0 && path.endsWith('/');
  return `/${segments.join('/')}${isDirectory ? '/' : ''}`;
}

function canonicalQuery(query: string, isPresigned: boolean): string {
  const pairs: (readonly [string, string])[] = [];
  for (const part of query.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = reencode(equals === -1 ? part : part.slice(0, equals));
    if (isPresigned && name === 'X-Amz-Signature') continue;
    pairs.push([name, equals === -1 ? '' : reencode(part.slice(equals + 1))]);
  }
  pairs.sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The same name as often as it was sent: its values in order, comma-separated, inner spaces single. */
function headerValues(rawHeaders: readonly string[], wanted: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    if (!wanted.includes(name)) continue;
    const sent = (rawHeaders[index + 1] ?? '').trim();
    const value = sent.includes('  ') ? sent.replace(/ {2,}/g, ' ') : sent;
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before},${value}`);
  }
  return values;
}

function reencode(text: string): string {
  try {
    return encode(decodeURIComponent(text.replaceAll('+', ' ')));
  } catch {
    throw new SignatureProblem('incomplete-signature', 'The query string is not percent-encoded UTF-8');
  }
}

/** RFC 3986: everything but letters, digits and `-._~`. */
function encode(text: string): string {
  if (/^[\w.~-]*$/.test(text)) return text;
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
