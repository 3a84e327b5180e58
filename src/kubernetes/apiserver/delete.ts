import { type Json, jsonEqual } from '../../store/index.ts';
import { kindOf } from '../kinds/kinds.ts';
import { type KubernetesObject, memberOf, timestamp } from '../objects/object.ts';
import { type Alongside, type StoredObject, together, withRevision } from '../objects/object-store.ts';
import { finalizersFor } from '../objects/propagation.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import type { Attributes, Requester } from './admission/attributes.ts';
import { releasedWith } from './allocations.ts';
import type { Cluster } from './cluster.ts';
import { type DeleteOptions, deleteOptionsGiven } from './options.ts';
import { conflict, notFound } from './status.ts';
import type { Target } from './target.ts';
import { isUnheld } from './write.ts';

const namespaces = resourceNamed('', 'namespaces');
const mostAttempts = 8;

export type Deleted =
  /** It is gone. */
  | { readonly isGone: true; readonly object: KubernetesObject }
  /** It waits for finalizers, for its grace period, or for what is in it. */
  | { readonly isGone: false; readonly object: KubernetesObject };

/** @throws {ApiError} 403, 404, 409, 422 */
export async function deleteObject(
  cluster: Pick<Cluster, 'admission' | 'clock' | 'objects'>,
  target: Target,
  options: DeleteOptions,
  by: Requester,
): Promise<Deleted> {
  const { resource, namespace, name } = target;
  for (let attempt = 1; ; attempt++) {
    const present = await cluster.objects.get(resource, namespace, name);
    if (present === undefined) throw notFound(resource, name);
    assertPreconditions(target, present, options);
    const admitted = await admit(cluster, target, present, options, by);
    const deleting = deletingOf(cluster, target, present.object, options);
    if (isUnheld(resource, deleting)) {
      if (options.isDryRun) return { isGone: true, object: withRevision(present) };
      const released = releasedWith(cluster, resource, present.object);
      const revision = await cluster.objects.delete(present, together(released, admitted));
      if (revision !== undefined) return { isGone: true, object: withRevision({ ...present, revision }) };
    } else {
      if (options.isDryRun) return { isGone: false, object: withRevision({ ...present, object: deleting }) };
      if (deleting === present.object) return { isGone: false, object: withRevision(present) };
      const marked = await cluster.objects.update(
        present,
        await cluster.objects.toKeep(resource, deleting),
        admitted,
      );
      if (marked !== undefined)
        return { isGone: false, object: withRevision({ ...marked, object: deleting }) };
    }
    if (attempt >= mostAttempts) throw conflict(resource, name);
  }
}

async function admit(
  { admission }: Pick<Cluster, 'admission'>,
  target: Target,
  present: StoredObject,
  options: DeleteOptions,
  by: Requester,
): Promise<Alongside> {
  const attributes: Attributes = {
    ...{ ...target, operation: 'DELETE', subresource: undefined, by },
    ...{ before: withRevision(present), isDryRun: options.isDryRun, options: deleteOptionsGiven(options) },
  };
  const { alongside } = await admission.mutate(attributes, undefined);
  return together(alongside, await admission.validate({ ...attributes, object: undefined }));
}

/** The object as it is when its end has begun, with what has to be done about its dependents before. */
function deletingOf(
  cluster: Pick<Cluster, 'clock'>,
  target: Target,
  present: KubernetesObject,
  options: DeleteOptions,
): KubernetesObject {
  const ending = endingOf(cluster, target, present, options);
  const policy = options.propagationPolicy ?? kindOf(target.resource).propagation;
  const finalizers = finalizersFor(present.metadata.finalizers, options.propagationPolicy, policy);
  if (jsonEqual(finalizers, present.metadata.finalizers ?? [])) return ending;
  const { finalizers: _, ...metadata } = ending.metadata;
  return { ...ending, metadata: { ...metadata, ...(finalizers.length > 0 && { finalizers }) } };
}

/** One whose end began before may only end sooner. */
function endingOf(
  { clock }: Pick<Cluster, 'clock'>,
  { resource }: Target,
  present: KubernetesObject,
  { gracePeriodSeconds }: DeleteOptions,
): KubernetesObject {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, generation } = present.metadata;
  const grace = kindOf(resource).gracePeriod?.(present, gracePeriodSeconds) ?? 0;
  if (deletionTimestamp !== undefined) {
    if (grace >= deletionGracePeriodSeconds) return present;
    return { ...present, metadata: { ...present.metadata, deletionGracePeriodSeconds: grace } };
  }
  const metadata = {
    ...present.metadata,
    ...(generation !== undefined && { generation: generation + 1 }),
    deletionTimestamp: timestamp(clock.now() + grace * 1_000),
    deletionGracePeriodSeconds: grace,
  };
  const deleting = { ...present, metadata };
  if (resource !== namespaces) return kindOf(resource).onDelete?.(deleting, clock.now()) ?? deleting;
  return { ...present, metadata, status: { ...memberOf(present, 'status'), phase: 'Terminating' } };
}

function assertPreconditions(
  { resource, name }: Target,
  { object, revision }: StoredObject,
  options: DeleteOptions,
): void {
  const { uid, resourceVersion } = options;
  if (uid !== undefined && uid !== object.metadata.uid) {
    throw conflict(
      resource,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${object.metadata.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== String(revision)) {
    throw conflict(
      resource,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${revision}). The object might have been modified`,
    );
  }
}

/** What a DELETE answers with: the object where its kind says so or it is still there, else that it went well. */
export function deletedAnswer({ resource, name }: Target, { isGone, object }: Deleted): Json {
  if (!isGone || kindOf(resource).answersDeleted) return object as unknown as Json;
  const { group, name: kind } = resource;
  return {
    ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' },
    details: { name, ...(group !== '' && { group }), kind, uid: object.metadata.uid ?? '' },
  };
}
