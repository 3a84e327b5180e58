import type { Requester } from '../apiserver/admission/attributes.ts';
import { controller } from '../apiserver/admission/chain.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import { deleteObject } from '../apiserver/delete.ts';
import type { WriteOptions } from '../apiserver/options.ts';
import { ApiError, notFound } from '../apiserver/status.ts';
import { changeObject, createObject } from '../apiserver/write.ts';
import type { JsonObject, KubernetesObject } from '../objects/object.ts';
import type { PropagationPolicy } from '../objects/propagation.ts';
import type { Resource } from '../schema/catalogue.ts';
import type { Kept } from './objects.ts';

/** Who writes, and as which program. */
export interface WriterIdentity {
  readonly by: Requester;
  readonly program: string;
}

/** The controllers are one program, upstream. */
const controllerIdentity = (account: string): WriterIdentity => ({
  ...{ by: controller(account), program: 'kube-controller-manager' },
});

/** What deleting may be told. */
export interface Removal {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: PropagationPolicy;
  /** Only as it was then. */
  readonly resourceVersion?: string;
}

/**
 * Writes as a controller does: by the API server's own functions and under the controller's own name, so that admission,
 * defaults and managedFields hold for it as for everybody. Each write is of the very object that was looked at: one that
 * has its name by now, but another uid, is left alone.
 */
export class Writer {
  readonly #cluster: Cluster;
  readonly #by: Requester;
  readonly #options: WriteOptions;
  #revision = 0;

  /** @param who The ServiceAccount in kube-system that upstream's controller has, or whoever else writes. */
  constructor(cluster: Cluster, who: string | WriterIdentity) {
    const { by, program } = typeof who === 'string' ? controllerIdentity(who) : who;
    this.#cluster = cluster;
    this.#by = by;
    this.#options = { isDryRun: false, fieldValidation: 'Ignore', fieldManager: program };
  }

  /** The last revision that was written: what reads have to show before the next decision. */
  get revision(): number {
    return this.#revision;
  }

  /** @throws {ApiError} */
  async create(resource: Resource, namespace: string | undefined, body: object): Promise<KubernetesObject> {
    return this.#noted(
      await createObject(this.#cluster, { resource, namespace }, body as JsonObject, this.#options, this.#by),
    );
  }

  /**
   * @param change Of the object as it is by now; it may run several times.
   * @throws {ApiError} NotFound also when another object has its name.
   */
  change<T extends Kept>(
    resource: Resource,
    { metadata: { namespace, name, uid } }: Kept,
    change: (present: T) => T,
    subresource?: 'scale' | 'status',
  ): Promise<void> {
    return this.changeNamed<T>(
      resource,
      namespace,
      name,
      (present) => {
        if (present.metadata.uid !== uid) throw notFound(resource, name);
        return change(present);
      },
      subresource,
    );
  }

  /** Whatever has the name. @throws {ApiError} */
  async changeNamed<T extends Kept>(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    change: (present: T) => T,
    subresource?: 'scale' | 'status',
  ): Promise<void> {
    const changed = await changeObject(
      this.#cluster,
      { resource, namespace, name, subresource },
      (present) => ({ object: change(present as unknown as T) as unknown as JsonObject }),
      this.#options,
      this.#by,
    );
    this.#noted(changed);
  }

  /** Replaces the status. @throws {ApiError} */
  putStatus(resource: Resource, object: Kept, status: object): Promise<void> {
    return this.change<Kept & { readonly status?: object }>(
      resource,
      object,
      ({ metadata, ...present }) => ({ ...present, metadata: withoutVersion(metadata), status }),
      'status',
    );
  }

  /** @returns whether it went or is on its way; else it was gone, or changed. @throws {ApiError} */
  async remove(
    resource: Resource,
    { metadata: { namespace, name, uid } }: Kept,
    { gracePeriodSeconds, propagationPolicy = 'Background', resourceVersion }: Removal = {},
  ): Promise<boolean> {
    const how = {
      ...{ isDryRun: false, isOrphaningDenied: false, gracePeriodSeconds, propagationPolicy },
      ...{ uid, resourceVersion },
    };
    try {
      const { object } = await deleteObject(this.#cluster, { resource, namespace, name }, how, this.#by);
      this.#noted(object);
      return true;
    } catch (error) {
      if (!isGone(error)) throw error;
      return false;
    }
  }

  #noted(object: KubernetesObject): KubernetesObject {
    this.#revision = Math.max(this.#revision, Number(object.metadata.resourceVersion ?? 0));
    return object;
  }
}

/** So that a change goes on top of whatever is there. */
export function withoutVersion<M extends { readonly resourceVersion?: string }>(metadata: M): M {
  const { resourceVersion: _, ...rest } = metadata;
  return rest as M;
}

/** The object that was looked at is no longer there, or not the same. */
const isGone = (error: unknown): boolean =>
  error instanceof ApiError && (error.reason === 'NotFound' || error.reason === 'Conflict');

/** Somebody else was faster: look again. */
export const isLostRace = isGone;

/** What was to be made has the name of something that is there. */
export const isTaken = (error: unknown): boolean =>
  error instanceof ApiError && error.reason === 'AlreadyExists';

/** Nothing is made any more in a namespace that goes. */
export const isNamespaceTerminating = (error: unknown): boolean =>
  error instanceof ApiError &&
  (error.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating');
