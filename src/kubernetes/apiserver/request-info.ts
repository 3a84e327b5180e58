import type { Catalogue, Resource } from '../schema/catalogue.ts';
import type { Subresource } from '../schema/subresources.ts';
import { noSuchPath } from './status.ts';

/** What a request on a resource asks for. */
export interface ResourceRequest {
  readonly resource: Resource;
  readonly subresource: Subresource | undefined;
  /** Undefined: all of them, or the resource has none. */
  readonly namespace: string | undefined;
  /** Undefined: the collection. */
  readonly name: string | undefined;
  /** By the path of old (`/api/v1/watch/...`). */
  readonly isWatchPath: boolean;
  /** What is asked of what stands behind a proxy; undefined but there. */
  readonly proxied: string | undefined;
}

/** A path below `/api/v1` or `/apis/<group>/<version>`; undefined: it is none of those. @throws {ApiError} 404 */
export function readResourcePath(catalogue: Catalogue, path: string): ResourceRequest | undefined {
  // A slash at the end means nothing, but to whom is asked through a proxy.
  const plain = path.includes('/proxy/') ? path : path.replace(/\/$/, '');
  const parts = plain.split('/').slice(1).map(decoded);
  const [group, version, rest] =
    parts[0] === 'api'
      ? ['', parts[1], parts.slice(2)]
      : parts[0] === 'apis'
        ? [parts[1], parts[2], parts.slice(3)]
        : [];
  if (group === undefined || version === undefined || rest === undefined || rest.length === 0)
    return undefined;
  const isWatchPath = rest[0] === 'watch' && rest.length > 1;
  const at = isWatchPath ? rest.slice(1) : rest;
  const find = (name: string | undefined): Resource => {
    const found = name === undefined ? undefined : catalogue.find(group, version, name);
    if (found === undefined) throw noSuchPath();
    return found;
  };
  if (at[0] === 'namespaces' && at.length > 2 && !isSubresourceOfNamespace(at[2])) {
    const [, namespace, resourceName, name, subresource, ...more] = at;
    const resource = find(resourceName);
    if (!resource.isNamespaced) throw noSuchPath();
    return {
      ...{ resource, namespace, name, isWatchPath, proxied: proxiedOf(subresource, more) },
      subresource: subresourceOf(resource, subresource),
    };
  }
  const [resourceName, name, subresource, ...more] = at;
  const resource = find(resourceName);
  if (resource.isNamespaced && name !== undefined) throw noSuchPath();
  return {
    ...{ resource, name, isWatchPath, namespace: undefined, proxied: proxiedOf(subresource, more) },
    subresource: subresourceOf(resource, subresource),
  };
}

const isSubresourceOfNamespace = (name: string | undefined): boolean =>
  name === 'finalize' || name === 'status';

function proxiedOf(subresource: string | undefined, more: readonly string[]): string | undefined {
  if (subresource === 'proxy') return `/${more.join('/')}`;
  if (more.length > 0) throw noSuchPath();
  return undefined;
}

function subresourceOf(resource: Resource, name: string | undefined): Subresource | undefined {
  if (name === undefined) return undefined;
  const found = resource.subresources.find((it) => it === name);
  if (found === undefined) throw noSuchPath();
  return found;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw noSuchPath();
  }
}

/** `''`: a method that Kubernetes has no verb for. Only whoever may do everything asks so, through a proxy. */
export type Verb =
  | ''
  | 'create'
  | 'delete'
  | 'deletecollection'
  | 'get'
  | 'list'
  | 'patch'
  | 'update'
  | 'watch';

/** Undefined: there is no such verb. */
export function verbOf(
  method: string,
  { name, subresource, isWatchPath }: ResourceRequest,
  query: URLSearchParams,
): Verb | undefined {
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (isWatchPath) return 'watch';
      if (name !== undefined) return 'get';
      return isTrue(query.get('watch')) ? 'watch' : 'list';
    case 'POST':
      return name === undefined || subresource !== undefined ? 'create' : undefined;
    case 'PUT':
      return name === undefined ? undefined : 'update';
    case 'PATCH':
      return name === undefined ? undefined : 'patch';
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete';
    case 'OPTIONS':
      return subresource === 'proxy' ? '' : undefined;
    default:
      return undefined;
  }
}

/** As Kubernetes reads a truth in a query: there without a value counts. */
export const isTrue = (value: string | null): boolean => value !== null && value !== 'false' && value !== '0';
