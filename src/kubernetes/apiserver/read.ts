import { CompactedError } from '../../store/index.ts';
import { texts } from '../objects/json-text.ts';
import type { KubernetesObject } from '../objects/object.ts';
import { type StoredObject, withRevision } from '../objects/object-store.ts';
import { fieldSelector, labelSelector, type Selects, selectedName } from '../objects/selectors.ts';
import { apiVersionOf, type Resource } from '../schema/catalogue.ts';
import type { Cluster } from './cluster.ts';
import type { ListOptions } from './options.ts';
import { ApiError, badRequest, expired, notFound } from './status.ts';
import type { Target } from './target.ts';

/** @throws {ApiError} 404 */
export async function getObject(
  cluster: Cluster,
  { resource, namespace, name }: Target,
): Promise<KubernetesObject> {
  const found = await cluster.objects.get(resource, namespace, name);
  if (found === undefined) throw notFound(resource, name);
  return withRevision(found);
}

/** A page of a collection. */
export interface ObjectList {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly KubernetesObject[];
}

/** Which objects a request selects; undefined: all of them. */
export function selectionOf(resource: Resource, options: ListOptions): Selects | undefined {
  const [byLabels, byFields] = [
    labelSelector(options.labelSelector),
    fieldSelector(resource, options.fieldSelector),
  ];
  if (byLabels === undefined || byFields === undefined) return byLabels ?? byFields;
  return (object) => byLabels(object) && byFields(object);
}

/** Read from the store in pieces of so many, so that a list of thousands with a selector is not held twice. */
const pieceLength = 1_000;

/**
 * All pages of a list show one revision, the first page's: the store's history keeps it for some minutes.
 * @throws {ApiError} 400, 410, 504
 */
export async function listObjects(
  cluster: Cluster,
  resource: Resource,
  namespace: string | undefined,
  options: ListOptions,
): Promise<ObjectList> {
  const selects = selectionOf(resource, options);
  const name = selectedName(options.fieldSelector);
  const token = readToken(options.continueToken);
  const current = await cluster.objects.revision();
  if (token !== undefined && token.rv > current) throw badToken();
  const revision = token?.rv ?? wantedRevision(options, current);
  if (name !== undefined && (namespace !== undefined || !resource.isNamespaced))
    return listOne(cluster, { resource, namespace, name }, options);
  const items: KubernetesObject[] = [];
  let after = token?.start;
  let shown = revision;
  for (;;) {
    const limit = options.limit > 0 && selects === undefined ? options.limit - items.length : pieceLength;
    const page = await readPage(cluster, resource, namespace, {
      limit,
      ...(after !== undefined && { after }),
      ...(shown !== undefined && { revision: shown }),
    });
    shown ??= page.revision;
    for (const [index, stored] of page.items.entries()) {
      after = stored.key;
      const object = itemOf(stored);
      if (selects !== undefined && !selects(object)) continue;
      items.push(object);
      if (options.limit === 0 || items.length < options.limit) continue;
      const hasMore = page.more || index < page.items.length - 1;
      // How many a selector would select of the rest nobody knows.
      const remaining = selects === undefined ? page.left : undefined;
      return listOf(resource, items, shown, hasMore ? after : undefined, remaining);
    }
    if (!page.more) return listOf(resource, items, shown, undefined);
  }
}

/** The one object that a selector names, without looking at the others. */
async function listOne(cluster: Cluster, target: Target, options: ListOptions): Promise<ObjectList> {
  const { resource, namespace, name } = target;
  const revision = await cluster.objects.revision();
  const found = await cluster.objects.get(resource, namespace, name);
  const selects = selectionOf(resource, options);
  const items = found === undefined ? [] : [itemOf(found)].filter((object) => selects?.(object) ?? true);
  return listOf(resource, items, Math.max(revision, found?.revision ?? 0), undefined);
}

/** By what is answered when the object is asked for alone. */
const listed = new WeakMap<KubernetesObject, KubernetesObject>();

/** Within a list, what each is stands on the list. */
function itemOf(stored: StoredObject): KubernetesObject {
  const alone = withRevision(stored);
  const known = listed.get(alone);
  if (known !== undefined) return known;
  const { apiVersion: _, kind: _kind, ...object } = alone;
  const item = texts.shareItem(object as KubernetesObject, alone);
  listed.set(alone, item);
  return item;
}

function listOf(
  resource: Resource,
  items: readonly KubernetesObject[],
  revision: number,
  continuesAfter: string | undefined,
  remainingItemCount?: number,
): ObjectList {
  return {
    ...{ kind: resource.listKind, apiVersion: apiVersionOf(resource) },
    metadata: {
      resourceVersion: String(revision),
      ...(continuesAfter !== undefined && {
        continue: writeToken({ rv: revision, start: continuesAfter }),
        ...(remainingItemCount !== undefined && { remainingItemCount }),
      }),
    },
    items,
  };
}

/** Undefined: the latest. @throws {ApiError} 504 */
function wantedRevision(
  { resourceVersion, resourceVersionMatch, limit }: ListOptions,
  current: number,
): number | undefined {
  if (resourceVersion === undefined || resourceVersion === 0) return undefined;
  if (resourceVersion > current) throw tooLargeVersion(resourceVersion, current);
  const isExact = resourceVersionMatch === 'Exact' || (resourceVersionMatch === '' && limit > 0);
  return isExact ? resourceVersion : undefined;
}

/** Nobody has written so much yet. */
export function tooLargeVersion(asked: number, current: number): ApiError {
  const message = `Too large resource version: ${asked}, current: ${current}`;
  return new ApiError(504, 'Timeout', `Timeout: ${message}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

async function readPage(
  cluster: Cluster,
  resource: Resource,
  namespace: string | undefined,
  page: { readonly limit: number; readonly after?: string; readonly revision?: number },
) {
  try {
    return await cluster.objects.list(resource, namespace, page);
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
    throw expired(
      page.after === undefined
        ? `too old resource version: ${page.revision} (${error.compactRevision})`
        : 'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.',
    );
  }
}

interface Token {
  readonly rv: number;
  /** The key after which the next page starts. */
  readonly start: string;
}

const writeToken = (token: Token): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', ...token })).toString('base64url');

function readToken(text: string): Token | undefined {
  if (text === '') return undefined;
  try {
    const { rv, start } = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (Number.isInteger(rv) && typeof start === 'string') return { rv, start };
  } catch {
    // Told below, as any other that is not one of ours.
  }
  throw badToken();
}

const badToken = (): ApiError => badRequest('continue key is not valid: it was not given out by this server');
