import { kindShape } from '../managed-fields/message-shape.ts';
import { shapeOf, trackApply } from '../managed-fields/track.ts';
import { typedErrors } from '../managed-fields/typed-errors.ts';
import { type JsonObject, type KubernetesObject, memberOf, textOf, timestamp } from '../objects/object.ts';
import { apiVersionOf, type Resource } from '../schema/catalogue.ts';
import { kindOfSubresource, type Subresource } from '../schema/subresources.ts';
import type { Requester } from './admission/attributes.ts';
import type { Cluster } from './cluster.ts';
import type { WriteOptions } from './options.ts';
import { readMade } from './read-body.ts';
import { configOfScale } from './scale.ts';
import { ApiError, badRequest, conflict, forbidden, invalid, required } from './status.ts';
import type { Target } from './target.ts';
import { type Asked, assertSame, changeObject, createObject } from './write.ts';

/** Who applies, and how. */
export interface Applier {
  readonly cluster: Cluster;
  readonly by: Requester;
  readonly options: WriteOptions;
  /** What others own becomes his, where he says another value. */
  readonly force: boolean;
}

export interface Application {
  readonly target: Target & { readonly subresource: Subresource | undefined };
  /** What he sent. */
  readonly body: JsonObject;
  /** Whether he may make what is not there. */
  mayCreate(): boolean;
  /** Whether what it comes to may be written by him. @throws {ApiError} */
  check(object: JsonObject): void;
}

/** Somebody makes what was not there, or deletes what was, between two looks. */
const mostAttempts = 8;

/**
 * Server-side apply: the object becomes what its configuration says of it and otherwise stays as it is; it is made where it
 * is not there.
 * @throws {ApiError} 400, 403, 404, 409, 422, 500
 */
export async function applyObject(
  applier: Applier,
  application: Application,
): Promise<{ readonly object: KubernetesObject; readonly isNew: boolean }> {
  const { cluster, options, by } = applier;
  const { target } = application;
  const config = configOf(application);
  for (let attempt = 1; ; attempt++) {
    try {
      const change = (present: KubernetesObject) => applied(applier, application, present, config);
      return { object: await changeObject(cluster, target, change, options, by), isNew: false };
    } catch (error) {
      if (!hasReason(error, 'NotFound') || target.subresource !== undefined) throw error;
    }
    try {
      return { object: await made(applier, application, config), isNew: true };
    } catch (error) {
      if (!hasReason(error, 'AlreadyExists') || attempt >= mostAttempts) throw error;
    }
  }
}

const hasReason = (error: unknown, reason: string): boolean =>
  error instanceof ApiError && error.reason === reason;

function applied(
  { cluster, options, force }: Applier,
  { target, check }: Application,
  present: KubernetesObject,
  config: JsonObject,
): Asked {
  const { resource, subresource } = target;
  const now = timestamp(cluster.clock.now());
  const write = { resource, subresource, fieldManager: options.fieldManager, now };
  const { resourceVersion: _, ...metadata } = present.metadata;
  const { object, managedFields } = trackApply(write, { ...present, metadata }, config, force);
  const typed = readMade(resource, object);
  check(typed);
  return { object: typed, tracked: { managedFields } };
}

async function made(
  { cluster, options, by, force }: Applier,
  { target, mayCreate, check }: Application,
  config: JsonObject,
): Promise<KubernetesObject> {
  const { resource, name } = target;
  const uid = textOf(memberOf(config, 'metadata'), 'uid');
  if (uid !== '') {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    throw conflict(resource, name, why);
  }
  if (!mayCreate()) {
    const { username } = by.user;
    throw forbidden(
      resource,
      name,
      `User "${username}" cannot create resource "${resource.name}" in API group "${resource.group}"`,
    );
  }
  const now = timestamp(cluster.clock.now());
  const write = { resource, subresource: undefined, fieldManager: options.fieldManager, now };
  const { object, managedFields } = trackApply(write, undefined, config, force);
  const typed = readMade(resource, object);
  check(typed);
  return createObject(cluster, target, typed, options, by, { managedFields });
}

/** What he sent, known to be of the kind; of a subresource with a kind of its own, as its object has it. @throws {ApiError} */
function configOf({ target, body }: Application): JsonObject {
  const { resource, namespace, name, subresource } = target;
  const own = kindOfSubresource(subresource);
  const kind: Pick<Resource, 'group' | 'kind' | 'message' | 'version'> = own ?? resource;
  const apiVersion = apiVersionOf(kind);
  if (body.apiVersion !== apiVersion || body.kind !== kind.kind)
    throw badRequest(`invalid object type: ${typeText(body)}`);
  const metadata = memberOf(body, 'metadata');
  const given = textOf(metadata, 'name');
  if (given === '') throw invalid(kind, '', [required('metadata.name', 'name is required')]);
  assertSame(target, metadata);
  if (metadata.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil');
  const errors = typedErrors(own === undefined ? shapeOf(resource) : kindShape(own.message), body);
  if (errors.length > 0) throw untyped(`${namespace ?? ''}/${name}; ${typeText(body)}`, errors);
  if (subresource !== 'scale') return body;
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata,
    ...configOfScale(resource, body),
  };
}

/** `apps/v1, Kind=Deployment` */
function typeText({ apiVersion, kind }: JsonObject): string {
  const version = String(apiVersion ?? '');
  return `${version.includes('/') ? version : `/${version}`}, Kind=${String(kind ?? '')}`;
}

/** Upstream has no better code for it either: clients know it by its words. */
function untyped(object: string, errors: readonly string[]): ApiError {
  const [only] = errors;
  const told = errors.length === 1 ? only : ['errors:', ...errors.map((error) => `  ${error}`)].join('\n');
  return new ApiError(500, '', `failed to create typed patch object (${object}): ${told}`);
}
