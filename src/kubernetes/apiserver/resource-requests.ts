import type { Json } from '../../store/index.ts';
import { requestToken } from '../authentication/service-accounts/token-request.ts';
import { nodeOf } from '../authentication/user.ts';
import { assertNoEscalation } from '../authorization/escalation.ts';
import { kindOf } from '../kinds/kinds.ts';
import { type JsonObject, type KubernetesObject, memberOf } from '../objects/object.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import { applyStrategicMergePatch } from '../patch/strategic-merge.ts';
import { messageNamed } from '../schema/messages.ts';
import { kindOfSubresource } from '../schema/subresources.ts';
import { scaleColumns } from '../table/scaling-columns.ts';
import { partialListOf, partialOf, readIncludedObject, tableOf } from '../table/table.ts';
import { applyObject } from './apply-object.ts';
import { getComputed, listComputed } from './computed.ts';
import { deletedAnswer, deleteObject } from './delete.ts';
import {
  type Answer,
  type ResourceExchange,
  readDelete,
  readWrite,
  requester,
  targetOf,
} from './exchange.ts';
import {
  type Accepted,
  type Form,
  jsonType,
  mediaTypeOf,
  negotiate,
  protobufType,
  streamedTypes,
} from './negotiation.ts';
import { readListOptions, readWriteOptions } from './options.ts';
import { createBinding, createEviction } from './pod-requests.ts';
import { isReachedElsewhere, reach } from './reach/reach.ts';
import { getObject, listObjects, type ObjectList } from './read.ts';
import { parseApplied, parseObject, parsePatch, readBytes, readPatched, readTyped } from './read-body.ts';
import { isTrue } from './request-info.ts';
import { answerReview } from './reviews.ts';
import { scaleOf, withScale } from './scale.ts';
import { ApiError, methodNotAllowed, notFound, unsupportedMediaType } from './status.ts';
import { admitApplied, noneRepeated } from './strict-decoding.ts';
import { watchObjects } from './watch.ts';
import { assertSame, assertVersioned, type Change, changeObject, createObject } from './write.ts';

/** Undefined: it was streamed. @throws {ApiError} */
export async function answerResource(exchange: ResourceExchange): Promise<Answer | undefined> {
  const { asked, verb } = exchange;
  if (asked.resource.isReview) return review(exchange);
  if (isReachedElsewhere(asked)) return reach(exchange);
  switch (verb) {
    case 'get':
      return get(exchange);
    case 'list':
      return list(exchange);
    case 'watch':
      return watch(exchange);
    case 'create':
      return create(exchange);
    case 'update':
      return update(exchange);
    case 'patch':
      return patch(exchange);
    case 'delete':
      return remove(exchange);
    case 'deletecollection':
      return removeAll(exchange);
    case '':
      throw methodNotAllowed();
  }
}

const objectForms = ['Table', 'PartialObjectMetadata'] as const;
const listForms = ['Table', 'PartialObjectMetadataList'] as const;

async function review(exchange: ResourceExchange): Promise<Answer> {
  const { cluster, user, asked, request } = exchange;
  if (asked.resource.kind === 'Binding') return createBinding(exchange);
  negotiate(request.headers.accept, []);
  const warnings: string[] = [];
  const repeated = noneRepeated();
  const bytes = await readBytes(request);
  const parsed = await parseObject(bytes, request.headers['content-type'], asked.resource.kind, repeated);
  const body = readTyped(asked.resource, parsed, 'Warn', warnings, repeated);
  return {
    ...{ code: 201, warnings },
    body: await answerReview(cluster, asked.resource, asked.namespace, user, body),
  };
}

async function get(exchange: ResourceExchange): Promise<Answer> {
  const { cluster, asked } = exchange;
  const accepted = accept(exchange, objectForms);
  const object = asked.resource.isComputed
    ? await getComputed(cluster, targetOf(asked))
    : await getObject(cluster, targetOf(asked));
  return { code: 200, body: shownOne(exchange, accepted, object) };
}

async function list(exchange: ResourceExchange): Promise<Answer> {
  const { cluster, asked, query } = exchange;
  const accepted = accept(exchange, listForms);
  const options = readListOptions(query, false);
  const found = asked.resource.isComputed
    ? await listComputed(cluster, asked.resource, asked.namespace, options)
    : await listObjects(cluster, asked.resource, asked.namespace, options);
  return { code: 200, body: shownList(exchange, accepted, found) };
}

async function watch(exchange: ResourceExchange): Promise<undefined> {
  const { cluster, asked, query, response } = exchange;
  const accepted = acceptStream(exchange);
  // The path of old names an object; today a selector does.
  if (asked.name !== undefined) query.set('fieldSelector', `metadata.name=${asked.name}`);
  let isFirst = true;
  const options = { included: readIncludedObject(query), now: 0 };
  await watchObjects(
    cluster,
    asked,
    readListOptions(query, true),
    response,
    accepted.type,
    (object, isBookmark) => {
      if (accepted.as !== undefined && accepted.as !== 'Table') return partialOf(object);
      if (accepted.as === undefined || isBookmark) return object as unknown as Json;
      const hasColumns = isFirst;
      isFirst = false;
      const { resourceVersion = '' } = object.metadata;
      return tableOf(
        asked.resource,
        [object],
        { resourceVersion },
        { ...options, now: cluster.clock.now(), hasColumns },
      );
    },
  );
  return undefined;
}

/** @throws {ApiError} 406 */
function acceptStream({ request, asked }: ResourceExchange): Accepted {
  const forms = [...objectForms, 'PartialObjectMetadataList'] as const;
  const accepted = negotiate(request.headers.accept, forms, streamedTypes, true);
  if (asked.resource.custom === undefined || accepted.as !== undefined || accepted.type !== protobufType)
    return accepted;
  // What custom kinds are has no message; what of them is metadata has one.
  return negotiate(request.headers.accept, forms, [jsonType], true);
}

async function create(exchange: ResourceExchange): Promise<Answer> {
  const { cluster, asked, user } = exchange;
  switch (asked.subresource) {
    case undefined:
      break;
    case 'binding':
      return createBinding(exchange);
    case 'eviction':
      return createEviction(exchange);
    case 'token':
      return createToken(exchange);
    default:
      throw methodNotAllowed();
  }
  const accepted = accept(exchange, objectForms);
  const { body, options, warnings } = await readWrite(exchange, 'CreateOptions');
  assertNoEscalation(cluster.authorizer, user, asked, body);
  const created = await createObject(cluster, asked, body, options, requester(exchange, warnings));
  return { code: 201, body: shownOne(exchange, accepted, created), warnings };
}

async function createToken(exchange: ResourceExchange): Promise<Answer> {
  negotiate(exchange.request.headers.accept, []);
  const { body, warnings } = await readWrite(exchange, 'CreateOptions');
  const { cluster, asked, user } = exchange;
  const made = await requestToken(cluster, targetOf(asked), body, nodeOf(user));
  return { code: 201, body: made.body, warnings: [...warnings, ...made.warnings] };
}

async function update(exchange: ResourceExchange): Promise<Answer> {
  const { cluster, asked, user } = exchange;
  const accepted = accept(exchange, objectForms);
  const target = targetOf(asked);
  const { body, options, warnings } = await readWrite(exchange, 'UpdateOptions');
  if (asked.subresource === 'scale') {
    const changed = await changeObject(
      cluster,
      target,
      (present) => ({ object: withScale(asked.resource, present, body) }),
      options,
      requester(exchange, warnings),
    );
    return { code: 200, body: shownOne(exchange, accepted, changed), warnings };
  }
  assertVersioned(target, body);
  assertNoEscalation(cluster.authorizer, user, asked, body);
  try {
    const changed = await changeObject(
      cluster,
      target,
      () => ({ object: body }),
      options,
      requester(exchange, warnings),
    );
    return { code: 200, body: shownOne(exchange, accepted, changed), warnings };
  } catch (error) {
    const isMissing = error instanceof ApiError && error.reason === 'NotFound';
    if (!isMissing || !kindOf(asked.resource).createsOnUpdate || asked.subresource !== undefined) throw error;
    if (!mayCreate(exchange)) throw notFound(asked.resource, target.name);
    assertSame(target, memberOf(body, 'metadata'));
    const created = await createObject(cluster, asked, body, options, requester(exchange, warnings));
    return { code: 201, body: shownOne(exchange, accepted, created), warnings };
  }
}

function mayCreate({ cluster, user, asked: { resource, namespace = '' } }: ResourceExchange): boolean {
  return cluster.authorizer.allows(user, {
    ...{ isResource: true, verb: 'create', group: resource.group, resource: resource.name },
    ...{ subresource: '', namespace, name: '' },
  });
}

const applyType = 'application/apply-patch+yaml';
const strategicMerge = 'application/strategic-merge-patch+json';
const patchTypes = [
  ...['application/json-patch+json', 'application/merge-patch+json'],
  ...[strategicMerge, applyType],
];

async function patch(exchange: ResourceExchange): Promise<Answer> {
  const { cluster, asked, request, query, user } = exchange;
  const { resource, subresource } = asked;
  const type = mediaTypeOf(request.headers['content-type']);
  if (type === applyType) return apply(exchange);
  const types = patchTypes.filter((it) => resource.custom === undefined || it !== strategicMerge);
  if (!types.includes(type)) throw unsupportedMediaType(types);
  const accepted = accept(exchange, objectForms);
  const options = readWriteOptions(query, 'PatchOptions', request.headers['user-agent']);
  const bytes = await readBytes(request);
  const told: string[] = [];
  const given = parsePatch(bytes, type, told);
  const by = { told, strategic: type === strategicMerge ? (given as JsonObject) : undefined };
  const kind = kindOfSubresource(subresource) ?? resource;
  const patchedBy = (object: JsonObject): Json => {
    if (type === 'application/json-patch+json') return applyJsonPatch(object, given);
    if (type === 'application/merge-patch+json') return applyMergePatch(object, given);
    return applyStrategicMergePatch(messageNamed(kind.message), object, given as JsonObject);
  };
  const warnings: string[] = [];
  const change: Change = (present) => {
    warnings.length = 0;
    const object = subresource === 'scale' ? scaleOf(resource, present) : (present as unknown as JsonObject);
    const made = patchedBy(object) as JsonObject;
    const patched = readPatched(kind, made, by, options.fieldValidation, warnings);
    const isVersioned = isOther(object, patched);
    // A patch that says nothing of the version goes on top of whatever there is.
    const given = isVersioned ? patched : withoutVersion(patched);
    if (subresource === 'scale') return { object: withScale(resource, present, given) };
    assertNoEscalation(cluster.authorizer, user, asked, patched);
    return { object: given };
  };
  const changed = await changeObject(
    cluster,
    targetOf(asked),
    change,
    options,
    requester(exchange, warnings),
  );
  return { code: 200, body: shownOne(exchange, accepted, changed), warnings };
}

/** Server-side apply. */
async function apply(exchange: ResourceExchange): Promise<Answer> {
  const { cluster, asked, request, query, user } = exchange;
  const accepted = accept(exchange, objectForms);
  const options = readWriteOptions(query, 'PatchOptions', '', true);
  const warnings: string[] = [];
  const repeated = noneRepeated();
  const body = await parseApplied(await readBytes(request), repeated);
  const by = requester(exchange, warnings);
  const { object, isNew } = await applyObject(
    { cluster, by, options, force: isTrue(query.get('force')) },
    {
      ...{ target: targetOf(asked), body },
      mayCreate: () => mayCreate(exchange),
      check: (merged) => {
        admitApplied(repeated, options.fieldValidation, by.warn);
        assertNoEscalation(cluster.authorizer, user, asked, merged);
      },
    },
  );
  return { code: isNew ? 201 : 200, body: shownOne(exchange, accepted, object), warnings };
}

const versionOf = (object: JsonObject): Json | undefined =>
  (object.metadata as JsonObject | undefined)?.resourceVersion;
const isOther = (before: JsonObject, after: JsonObject): boolean => versionOf(before) !== versionOf(after);

function withoutVersion(object: JsonObject): JsonObject {
  const { resourceVersion: _, ...metadata } = object.metadata as JsonObject;
  return { ...object, metadata };
}

async function remove(exchange: ResourceExchange): Promise<Answer> {
  const { cluster, asked } = exchange;
  if (asked.subresource !== undefined) throw methodNotAllowed();
  negotiate(exchange.request.headers.accept, []);
  const target = targetOf(asked);
  const warnings: string[] = [];
  const options = await readDelete(exchange);
  const deleted = await deleteObject(cluster, target, options, requester(exchange, warnings));
  const isAccepted = options.isOrphaningDenied && !deleted.isGone;
  return { code: isAccepted ? 202 : 200, body: deletedAnswer(target, deleted), warnings };
}

/** One after the other; those that somebody else has deleted meanwhile are gone as well. */
async function removeAll(exchange: ResourceExchange): Promise<Answer> {
  const { cluster, asked, query } = exchange;
  const { resource } = asked;
  const accepted = accept(exchange, listForms);
  const warnings: string[] = [];
  const by = requester(exchange, warnings);
  const options = await readDelete(exchange);
  const found = await listObjects(cluster, resource, asked.namespace, readListOptions(query, false));
  for (const { metadata } of found.items) {
    const target = { resource, namespace: metadata.namespace, name: metadata.name };
    try {
      await deleteObject(cluster, target, options, by);
    } catch (error) {
      if (!(error instanceof ApiError && error.reason === 'NotFound')) throw error;
    }
  }
  return { code: 200, body: shownList(exchange, accepted, found), warnings };
}

const accept = ({ request }: ResourceExchange, forms: readonly Form[]): Accepted =>
  negotiate(request.headers.accept, forms);

/** The object, or of `scale` how many there are to be of what it makes. */
function shownOne(
  { cluster, asked, query }: ResourceExchange,
  { as }: Accepted,
  whole: KubernetesObject,
): Json {
  const { resource, subresource } = asked;
  const isScale = subresource === 'scale';
  const object = isScale ? (scaleOf(resource, whole) as unknown as KubernetesObject) : whole;
  if (as === undefined) return object as unknown as Json;
  if (as !== 'Table') return partialOf(object);
  const { resourceVersion = '' } = object.metadata;
  return tableOf(
    resource,
    [object],
    { resourceVersion },
    {
      ...{ included: readIncludedObject(query), now: cluster.clock.now() },
      ...(isScale && { columns: scaleColumns }),
    },
  );
}

function shownList({ cluster, asked, query }: ResourceExchange, { as }: Accepted, list: ObjectList): Json {
  if (as === undefined) return list as unknown as Json;
  const metadata = list.metadata as unknown as Json;
  // Within a list, what each is stands on the list; alone it says so itself.
  const kindOfItems = { kind: asked.resource.kind, apiVersion: list.apiVersion };
  const items = list.items.map((item) => ({ ...kindOfItems, ...item }));
  if (as !== 'Table') return partialListOf(items, metadata);
  return tableOf(asked.resource, items, metadata, {
    ...{ included: readIncludedObject(query), now: cluster.clock.now() },
  });
}
