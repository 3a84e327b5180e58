import { type Json, jsonEqual } from '../../store/index.ts';
import { ApiError, badRequest, tooLarge } from '../apiserver/status.ts';
import { copyOf } from '../objects/object.ts';

/** As upstream bounds a request's work. */
const maxOperations = 10_000;
/** Of all that is copied: a few copies of copies would fill any memory. */
const maxCopiedBytes = 3 * 1024 * 1024;

type Container = Json[] | Record<string, Json>;

interface Holder {
  document: Json;
  /** So far. */
  copiedBytes: number;
}

/**
 * RFC 6902.
 * @throws {ApiError} 400: it is no JSON patch; 413: it asks for too much; 422: it does not fit the object.
 */
export function applyJsonPatch(object: Json, patch: Json): Json {
  if (!Array.isArray(patch))
    throw badRequest('json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  if (patch.length > maxOperations)
    throw tooLarge(`The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`);
  // A holder, so that the whole document is a member like any other.
  const holder: Holder = { document: copyOf(object), copiedBytes: 0 };
  for (const operation of patch) applyOperation(holder, operation);
  return holder.document;
}

function applyOperation(holder: Holder, operation: Json | undefined): void {
  const { op, path, from, value } = (operation ?? {}) as Readonly<Record<string, Json | undefined>>;
  if (typeof op !== 'string' || typeof path !== 'string') throw unfit();
  switch (op) {
    case 'add':
      add(holder, path, required(value));
      return;
    case 'remove':
      take(holder, path);
      return;
    case 'replace':
      take(holder, path);
      add(holder, path, required(value));
      return;
    case 'move':
      add(holder, path, take(holder, String(from)));
      return;
    case 'copy':
      add(holder, path, copied(holder, get(holder, String(from))));
      return;
    case 'test':
      if (!jsonEqual(get(holder, path), value ?? null)) throw unfit();
      return;
    default:
      throw unfit();
  }
}

function copied(holder: Holder, value: Json): Json {
  const text = JSON.stringify(value);
  holder.copiedBytes += text.length;
  if (holder.copiedBytes > maxCopiedBytes)
    throw tooLarge(
      `Unable to complete the copy, the accumulated size increase of copy is ${holder.copiedBytes}, exceeding the limit ${maxCopiedBytes}`,
    );
  return JSON.parse(text) as Json;
}

function required(value: Json | undefined): Json {
  if (value === undefined) throw unfit();
  return copyOf(value);
}

const pointer = (path: string): readonly string[] => {
  if (path !== '' && !path.startsWith('/')) throw unfit();
  return ['document', ...path.split('/').slice(1)].map((part) =>
    part.replaceAll('~1', '/').replaceAll('~0', '~'),
  );
};

/** What holds a place, and its last part. */
function locate(holder: { document: Json }, path: string): readonly [Container, string] {
  const parts = pointer(path);
  let container: Container = holder as unknown as Record<string, Json>;
  for (const part of parts.slice(0, -1)) {
    const next: Json | undefined = member(container, part);
    if (typeof next !== 'object' || next === null) throw unfit();
    container = next as Container;
  }
  return [container, parts.at(-1) ?? ''];
}

function member(container: Container, part: string): Json | undefined {
  if (Array.isArray(container)) return container[placeOf(part, container.length)];
  return Object.hasOwn(container, part) ? container[part] : undefined;
}

/** Negative ones count from the end, as upstream's library has it. @returns NaN: it is none. */
function placeOf(part: string, length: number): number {
  if (!/^(0|-?[1-9]\d*)$/.test(part)) return Number.NaN;
  const place = Number(part);
  return place < 0 ? place + length : place;
}

function get(holder: { document: Json }, path: string): Json {
  const [container, part] = locate(holder, path);
  const found = member(container, part);
  if (found === undefined) throw unfit();
  return found;
}

function take(holder: { document: Json }, path: string): Json {
  const [container, part] = locate(holder, path);
  const found = member(container, part);
  if (found === undefined) throw unfit();
  if (Array.isArray(container)) container.splice(placeOf(part, container.length), 1);
  else delete container[part];
  return found;
}

function add(holder: { document: Json }, path: string, value: Json): void {
  const [container, part] = locate(holder, path);
  if (!Array.isArray(container)) {
    Object.defineProperty(container, part, { value, enumerable: true, writable: true, configurable: true });
    return;
  }
  const index = part === '-' ? container.length : placeOf(part, container.length + 1);
  if (!(index >= 0 && index <= container.length)) throw unfit();
  container.splice(index, 0, value);
}

/** Of what does not fit, nothing else is told: clients know it by these very words. */
const unfit = (): ApiError =>
  new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
