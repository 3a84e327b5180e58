import { createHash } from 'node:crypto';
import { invalidParameter } from './errors.ts';

/**
 * Pages of a listing. A token says where the page before ended, by the key of its last item and not by a
 * count, so that what is created or deleted in between is neither skipped nor shown twice.
 */
export interface PageRequest {
  readonly maxResults: number | undefined;
  readonly nextToken: string | undefined;
  /** Items a page has when the caller doesn't say. */
  readonly defaultSize: number;
  readonly maxSize: number;
  /** The order that the items are in, by key. Default ascending. */
  readonly order?: 'ascending' | 'descending';
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Set when there may be more. */
  readonly nextToken?: string;
}

/**
 * One page of `items`, which are sorted by `keyOf` (compared as strings, by UTF-16 code units, each key once).
 * @throws InvalidParameterException `maxResults` is out of range, or the token isn't one that was handed out.
 */
export function page<T>(items: readonly T[], keyOf: (item: T) => string, request: PageRequest): Page<T> {
  const { defaultSize, maxSize, order = 'ascending' } = request;
  const size = request.maxResults ?? defaultSize;
  if (!Number.isInteger(size) || size < 1 || size > maxSize)
    throw invalidParameter(`Invalid maxResults: ${size}. It must be between 1 and ${maxSize}.`);

  const start =
    request.nextToken === undefined ? 0 : indexAfter(items, keyOf, readToken(request.nextToken), order);
  const pageItems = items.slice(start, start + size);
  const last = pageItems.at(-1);
  if (last === undefined || start + size >= items.length) return { items: pageItems };
  return { items: pageItems, nextToken: writeToken(keyOf(last)) };
}

/** The index of the first item past `key`, by halving. */
function indexAfter<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  key: string,
  order: 'ascending' | 'descending',
): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item === undefined) return middle;
    const isPast = order === 'ascending' ? keyOf(item) > key : keyOf(item) < key;
    if (isPast) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Longer than any key that a listing of this room has. */
const maxTokenLength = 4096;
const checksumLength = 12;

function writeToken(key: string): string {
  return Buffer.concat([checksum(key), Buffer.from(key, 'utf8')]).toString('base64url');
}

/**
 * The checksum finds tokens that were cut or garbled on their way. It is no secret: a token only says where to
 * go on in a list that the caller may see as a whole.
 */
function readToken(token: string): string {
  const bytes = token.length > maxTokenLength ? Buffer.alloc(0) : Buffer.from(token, 'base64url');
  const key = bytes.subarray(checksumLength).toString('utf8');
  if (key === '' || writeToken(key) !== token) throw invalidParameter('Invalid token.');
  return key;
}

function checksum(key: string): Buffer {
  return createHash('sha256').update('ecs-page\n').update(key).digest().subarray(0, checksumLength);
}
