import { uuid } from '../../clock/index.ts';
import { frozenJson, type Json, jsonEqual } from '../../store/index.ts';
import type { Draft, Kind } from '../kinds/kind.ts';
import { kindOf } from '../kinds/kinds.ts';
import { metadataErrors } from '../kinds/metadata.ts';
import { type ManagedFields, trackUpdate } from '../managed-fields/track.ts';
import { generatedName } from '../objects/generated-name.ts';
import {
  copyOf,
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  setMember,
  textOf,
  timestamp,
} from '../objects/object.ts';
import { type Alongside, type StoredObject, together, withRevision } from '../objects/object-store.ts';
import { apiVersionOf, type Resource, resourceNamed } from '../schema/catalogue.ts';
import { messageNamed } from '../schema/messages.ts';
import type { Subresource } from '../schema/subresources.ts';
import { fieldErrors } from '../validation/check-fields.ts';
import { inOrder } from '../validation/error-order.ts';
import type { Attributes, Proposed, Requester } from './admission/attributes.ts';
import { allocated, releasedWith } from './allocations.ts';
import type { Cluster } from './cluster.ts';
import { optionsGiven, type WriteOptions } from './options.ts';
import { scaleOf, withScale } from './scale.ts';
import { alreadyExists, badRequest, conflict, invalid, invalidValue, notFound } from './status.ts';
import type { Target } from './target.ts';

const namespaces = resourceNamed('', 'namespaces');
/** A name of generated letters may be taken already. */
const mostNames = 8;
/** Writers that are faster each time there are hardly any. */
const mostAttempts = 8;

/**
 * @param tracked Where the object is made by applying it: its managed fields.
 * @throws {ApiError} 400, 403, 404, 409, 422
 */
export async function createObject(
  cluster: Cluster,
  { resource, namespace }: Omit<Target, 'name'>,
  body: JsonObject,
  options: WriteOptions,
  by: Requester,
  tracked?: Tracked,
): Promise<KubernetesObject> {
  const { isDryRun, fieldManager } = options;
  const given = memberOf(body, 'metadata');
  if (textOf(given, 'resourceVersion') !== '')
    throw badRequest('resourceVersion should not be set on objects to be created');
  assertNamespace(given, namespace);
  const isGenerated = textOf(given, 'name') === '' && textOf(given, 'generateName') !== '';
  for (let attempt = 1; ; attempt++) {
    const name = isGenerated
      ? generatedName(cluster.random, textOf(given, 'generateName'))
      : textOf(given, 'name');
    if (name === '') {
      throw invalid(kindName(resource), '', [
        {
          reason: 'FieldValueRequired',
          field: 'metadata.name',
          text: 'Required value: name or generateName is required',
        },
      ]);
    }
    const attributes: Attributes = {
      ...{ operation: 'CREATE', resource, subresource: undefined, namespace, isDryRun, by },
      ...{ name: isGenerated ? '' : name, before: undefined },
      options: optionsGiven('CreateOptions', options),
    };
    const draft = askedDraft({ resource, namespace, name: attributes.name }, body);
    const write = { resource, subresource: undefined, fieldManager, now: timestamp(cluster.clock.now()) };
    own(draft, tracked ? tracked.managedFields : trackUpdate(write, undefined, draft, given.managedFields));
    const admitted = await cluster.admission.mutate(attributes, draft);
    complete(cluster, { resource, namespace, name }, draft);
    const taken = await allocated(cluster, resource, draft, undefined);
    const object = finished(resource, draft, undefined);
    const proposed = { ...attributes, name, object };
    const judged = await cluster.admission.validate(proposed);
    const alongside = together(together(admitted.alongside, taken), judged);
    const key = cluster.objects.key(resource, namespace, name);
    const isThere = async () => (await cluster.objects.get(resource, namespace, name)) !== undefined;
    if (isDryRun) {
      if (await isThere()) throw alreadyExists(resource, name);
      await cluster.admission.charged(proposed, async () => undefined);
      return object;
    }
    const kept = await cluster.objects.toKeep(resource, object);
    const created = await cluster.admission.charged(proposed, (counted) =>
      cluster.objects.create(key, kept, together(alongside, counted)),
    );
    if (created !== undefined) return cluster.objects.answered(resource, created, object);
    const isTaken = await isThere();
    if (isTaken && !isGenerated) throw alreadyExists(resource, name);
    if (isTaken && attempt >= mostNames)
      throw alreadyExists(
        resource,
        name,
        ', the server was not able to generate a unique name for the object',
      );
    if (!isTaken && attempt >= mostAttempts) throw conflict(resource, name);
  }
}

/** A change of an object: what it becomes, of what it is. */
export type Change = (present: KubernetesObject) => Asked;

export interface Asked {
  readonly object: JsonObject;
  /** Where it was applied: its managed fields are known. Else they follow from what changes. */
  readonly tracked?: Tracked;
}

export interface Tracked {
  readonly managedFields: ManagedFields;
}

/**
 * Changes an object. Where another writer is faster, it starts again on what that one left, unless the change says which
 * version it is of.
 * @throws {ApiError} 400, 404, 409, 422
 */
export async function changeObject(
  cluster: Cluster,
  target: Target & { readonly subresource: Subresource | undefined },
  change: Change,
  options: WriteOptions,
  by: Requester,
): Promise<KubernetesObject> {
  const { isDryRun, fieldManager } = options;
  const { resource, namespace, name, subresource } = target;
  for (let attempt = 1; ; attempt++) {
    const present = await cluster.objects.get(resource, namespace, name);
    if (present === undefined) throw notFound(resource, name);
    const { object: asked, tracked } = change(withRevision(present));
    const metadata = memberOf(asked, 'metadata');
    assertSame(target, metadata);
    const version = textOf(metadata, 'resourceVersion');
    if (version !== '' && version !== String(present.revision)) throw conflict(resource, name);
    const uid = textOf(metadata, 'uid');
    if (uid !== '' && uid !== present.object.metadata.uid) {
      throw conflict(
        resource,
        name,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${present.object.metadata.uid}`,
      );
    }
    const draft = changedDraft(resource, subresource, present.object, asked);
    kindOf(resource).onChange?.(draft, present.object, { subresource, now: cluster.clock.now() });
    const write = { resource, subresource, fieldManager, now: timestamp(cluster.clock.now()) };
    own(
      draft,
      tracked ? tracked.managedFields : trackUpdate(write, present.object, draft, metadata.managedFields),
    );
    const attributes: Attributes = {
      ...{ operation: 'UPDATE', resource, subresource, namespace, name, isDryRun, by },
      ...{ before: withRevision(present), options: optionsGiven('UpdateOptions', options) },
    };
    const { draft: changing, admitted } = await admittedChange(cluster, attributes, present.object, draft);
    const taken = await allocated(cluster, resource, changing, present.object);
    const object = finished(resource, changing, present.object, subresource);
    const judged = await cluster.admission.validate(asSeen(attributes, object));
    const alongside = together(together(admitted, taken), judged);
    if (isUnchanged(object, present.object) && present.isOutdated !== true) return withRevision(present);
    if (isDryRun) return withRevision({ ...present, object });
    const isLast = object.metadata.deletionTimestamp !== undefined && isUnheld(resource, object);
    if (isLast) {
      const removed = await removeLast(cluster, resource, present, object);
      if (removed !== undefined) return withRevision(removed);
    } else {
      const kept = await cluster.objects.toKeep(resource, object);
      const changed = await cluster.admission.charged({ ...attributes, object }, (counted) =>
        cluster.objects.update(present, kept, together(alongside, counted)),
      );
      if (changed !== undefined) return cluster.objects.answered(resource, changed, object);
    }
    if (version !== '' || attempt >= mostAttempts) throw conflict(resource, name);
  }
}

function own(draft: Draft, managedFields: ManagedFields): void {
  if (managedFields === undefined) delete draft.metadata.managedFields;
  else draft.metadata.managedFields = managedFields;
}

/** That somebody tried to own something at another time changes nothing. */
const isUnchanged = (object: KubernetesObject, before: KubernetesObject): boolean =>
  jsonEqual(object as Json, before as Json) || jsonEqual(withoutTimes(object), withoutTimes(before));

function withoutTimes(object: KubernetesObject): Json {
  const managedFields = listOf(object.metadata, 'managedFields').map((entry) => {
    const { time: _, ...others } = isJsonObject(entry) ? entry : {};
    return others;
  });
  return { ...object, metadata: { ...object.metadata, managedFields } } as unknown as Json;
}

/** @returns what the draft has become by rules, and what belongs into its commit. */
async function admittedChange(
  { admission, clock }: Cluster,
  attributes: Attributes,
  present: KubernetesObject,
  draft: Draft,
): Promise<{ readonly draft: Draft; readonly admitted: Alongside }> {
  const { resource, subresource } = attributes;
  const seen = asSeen(attributes, draft as unknown as KubernetesObject);
  const shown = seen.object as unknown as Draft;
  const { alongside: admitted, isPatched } = await admission.mutate(seen, shown);
  if (!isPatched) return { draft, admitted };
  const given = shown as unknown as JsonObject;
  const patched =
    subresource === 'scale' ? withScale(resource, draft as unknown as KubernetesObject, given) : given;
  const changed = changedDraft(resource, subresource, present, patched);
  kindOf(resource).onChange?.(changed, present, { subresource, now: clock.now() });
  own(changed, draft.metadata.managedFields as ManagedFields);
  return { draft: changed, admitted };
}

/** What rules see of a change: of `scale` its own small object, else the object. */
function asSeen(attributes: Attributes, object: KubernetesObject): Proposed {
  const { resource, subresource, before } = attributes;
  if (subresource !== 'scale' || before === undefined) return { ...attributes, object };
  const scale = (of: KubernetesObject) => scaleOf(resource, of) as unknown as KubernetesObject;
  return { ...attributes, before: scale(before), object: scale(object) };
}

/** Nothing keeps it any more that was to be deleted: it goes with the write that says so. */
async function removeLast(
  cluster: Cluster,
  resource: Resource,
  present: StoredObject,
  object: KubernetesObject,
): Promise<StoredObject | undefined> {
  const revision = await cluster.objects.delete(present, releasedWith(cluster, resource, present.object));
  return revision === undefined ? undefined : { key: present.key, object, revision };
}

/** Whether an object that is being deleted has nothing left to wait for. */
export function isUnheld(resource: Resource, { metadata, spec }: KubernetesObject): boolean {
  if ((metadata.finalizers ?? []).length > 0 || (metadata.deletionGracePeriodSeconds ?? 0) > 0) return false;
  const isNamespace = resource === namespaces;
  return (
    !isNamespace || (isJsonObject(spec) && Array.isArray(spec.finalizers) && spec.finalizers.length === 0)
  );
}

/** What a client says of a new object: what admission sees first. */
function askedDraft({ resource, namespace, name }: Target, body: JsonObject): Draft {
  const { labels, annotations, ownerReferences, finalizers, generateName } = memberOf(body, 'metadata');
  const metadata = {
    ...(name !== '' && { name }),
    ...(generateName !== undefined && { generateName }),
    ...(namespace !== undefined && { namespace }),
    ...{ labels, annotations, ownerReferences, finalizers },
  };
  const draft = whole(copyOf({ ...body, ...typeOf(resource), metadata })) as Draft;
  kindOf(resource).defaults?.(draft);
  return draft;
}

/** What a new object has whatever was said of it. */
function complete({ clock, random }: Cluster, { resource, namespace, name }: Target, draft: Draft): void {
  const kind = kindOf(resource);
  const { labels, annotations, ownerReferences, finalizers, generateName, managedFields } = draft.metadata;
  Object.assign(draft, typeOf(resource));
  draft.metadata = withoutUndefined({
    ...{ name, generateName, namespace, uid: uuid(random) },
    ...(kind.hasGeneration && { generation: 1 }),
    creationTimestamp: timestamp(clock.now()),
    ...{ labels, annotations, ownerReferences, finalizers, managedFields },
  });
  if (resource.subresources.includes('status') && kind.keepsStatus !== true) delete draft.status;
  kind.onCreate?.(draft);
}

/** What the present object becomes by what was asked: each endpoint writes its own part and leaves the others. */
function changedDraft(
  resource: Resource,
  subresource: Subresource | undefined,
  present: KubernetesObject,
  asked: JsonObject,
): Draft {
  const draft = mergedDraft(resource, subresource, present, asked);
  kindOf(resource).defaults?.(draft);
  return draft;
}

function mergedDraft(
  resource: Resource,
  subresource: Subresource | undefined,
  present: KubernetesObject,
  asked: JsonObject,
): Draft {
  const { labels, annotations, ownerReferences, finalizers } = memberOf(asked, 'metadata');
  const metadata = { ...present.metadata, labels, annotations, ownerReferences, finalizers };
  if (subresource === 'status' || subresource === 'approval') {
    const kept = present.metadata;
    const own = { ...kept, labels: labels ?? kept.labels, annotations: annotations ?? kept.annotations };
    return whole(copyOf({ ...present, metadata: own, status: asked.status })) as Draft;
  }
  if (subresource === 'finalize') {
    const spec = { ...memberOf(present, 'spec'), finalizers: memberOf(asked, 'spec').finalizers ?? [] };
    return copyOf({ ...present, spec }) as unknown as Draft;
  }
  const writes = subresource && kindOf(resource).subresources?.[subresource];
  if (writes !== undefined) return copyOf(writes(present, asked)) as unknown as Draft;
  const own: Record<string, Json | undefined> = { ...asked };
  if (resource.subresources.includes('status')) own.status = present.status as Json | undefined;
  if (resource === namespaces) own.spec = present.spec as Json | undefined;
  return whole(copyOf({ ...own, ...typeOf(resource), metadata })) as Draft;
}

/** Defaults, then what is wrong with it. @throws {ApiError} 422 */
function finished(
  resource: Resource,
  draft: Draft,
  before: KubernetesObject | undefined,
  subresource?: Subresource,
): KubernetesObject {
  const kind: Kind = kindOf(resource);
  kind.defaults?.(draft);
  const object = draft as unknown as KubernetesObject;
  const errors = [
    ...metadataErrors(object, before, kind.names ?? 'dns-subdomain'),
    ...(resource.custom === undefined
      ? fieldErrors(
          messageNamed(resource.message),
          object as unknown as Json,
          '',
          before as unknown as JsonObject | undefined,
        )
      : []),
    ...(kind.validate?.(object, before, subresource) ?? []),
  ];
  if (errors.length > 0)
    throw invalid(kindName(resource), object.metadata.name, inOrder(errors, kind.errorOrder ?? []));
  const isAnother =
    before !== undefined &&
    kind.hasGeneration === true &&
    !jsonEqual(countedPart(resource, object), countedPart(resource, before));
  if (isAnother) draft.metadata.generation = (before.metadata.generation ?? 0) + 1;
  // As the store would have it: so it is this very object, whose text is written once for whoever asks.
  return frozenJson(object) as unknown as KubernetesObject;
}

/** What counts as a change: all but the metadata, and the status where it has its own endpoint. */
function countedPart(resource: Resource, { metadata: _, status, ...rest }: KubernetesObject): Json {
  return resource.subresources.includes('status') ? (rest as Json) : ({ ...rest, status } as Json);
}

function assertNamespace(metadata: JsonObject, namespace: string | undefined): void {
  const given = textOf(metadata, 'namespace');
  if (given !== '' && given !== (namespace ?? ''))
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

/** @throws {ApiError} 400 */
export function assertSame({ resource, namespace, name }: Target, metadata: JsonObject): void {
  const given = textOf(metadata, 'name');
  if (given !== '' && given !== name)
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  const within = textOf(metadata, 'namespace');
  if (within !== '' && resource.isNamespaced && within !== namespace)
    throw badRequest(
      `the namespace of the object (${within}) does not match the namespace on the request (${namespace})`,
    );
}

/** A PUT without a version, of a kind that asks for one. @throws {ApiError} 422 */
export function assertVersioned({ resource, name }: Target, body: JsonObject): void {
  if (!kindOf(resource).needsVersionForUpdate || textOf(memberOf(body, 'metadata'), 'resourceVersion') !== '')
    return;
  throw invalid(kindName(resource), name, [
    invalidValue('metadata.resourceVersion', 0, 'must be specified for an update'),
  ]);
}

function whole(object: Record<string, unknown>): Record<string, unknown> {
  const { metadata, ...members } = object;
  return { ...withoutUndefined(members), metadata: withoutUndefined(metadata as object) };
}

function withoutUndefined(object: object): Record<string, unknown> {
  const kept: Record<string, Json> = {};
  for (const name of Object.keys(object)) {
    const value = (object as JsonObject)[name];
    if (value !== undefined) setMember(kept, name, value);
  }
  return kept;
}

const typeOf = (resource: Resource) => ({ apiVersion: apiVersionOf(resource), kind: resource.kind });

const kindName = ({ group, kind }: Resource) => ({ group, kind });
