import { Refusal } from '../../protocols/index.ts';
import { type ClusterRecord, clusterByPlace, encryptionContextOf } from '../../services/eks/index.ts';
import { whyKeyUnusable } from '../../services/kms/index.ts';
import { ApiError } from '../apiserver/status.ts';
import type { KubernetesContext } from '../context.ts';
import type { ClusterPlace } from '../objects/object-records.ts';

/**
 * The data keys of clusters whose Secrets are sealed. One is opened by KMS when it is first needed, and kept in memory for as long as the
 * cluster's API server runs: a key of KMS that is disabled meanwhile keeps nobody from reading, as upstream's cache of data keys does not.
 * Nothing is written by it any more, though, and whoever starts the API server again finds nothing readable.
 */
export class ClusterDataKeys {
  readonly #context: Pick<KubernetesContext, 'openDataKey' | 'state'>;
  /** By the clusters' ids. */
  readonly #opened = new Map<string, Buffer>();

  constructor(context: Pick<KubernetesContext, 'openDataKey' | 'state'>) {
    this.#context = context;
  }

  /**
   * What is written is sealed with this; undefined: it is kept as it is.
   * @throws {ApiError} the cluster's key of KMS can't be used now.
   */
  toSeal(place: ClusterPlace): Buffer | undefined {
    const cluster = this.#cluster(place);
    if (cluster?.encryption === undefined) return undefined;
    const why = whyKeyUnusable(this.#context.state, cluster.encryption.keyArn);
    if (why !== undefined) throw unusable(`failed to encrypt DEK, error: ${why}`);
    return this.#open(place, cluster, 'failed to encrypt DEK, error: ');
  }

  /** @param key Upstream's name for what is to be opened. @throws {ApiError} the cluster's key of KMS can't be used now. */
  toOpen(place: ClusterPlace, key: string): Buffer {
    const known = this.#opened.get(place.id);
    if (known !== undefined) return known;
    return this.#open(
      place,
      this.#cluster(place),
      `unable to transform key "${key}": failed to decrypt DEK, error: `,
    );
  }

  /** Whether what a cluster keeps has to be sealed. */
  isSealing(place: ClusterPlace): boolean {
    return this.#cluster(place)?.encryption !== undefined;
  }

  /** Its API server has ended. */
  forget({ id }: Pick<ClusterPlace, 'id'>): void {
    this.#opened.delete(id);
  }

  #cluster(place: ClusterPlace): ClusterRecord | undefined {
    return clusterByPlace(this.#context.state, place, place.id);
  }

  #open({ id }: ClusterPlace, cluster: ClusterRecord | undefined, failed: string): Buffer {
    const known = this.#opened.get(id);
    if (known !== undefined) return known;
    if (cluster?.encryption === undefined) throw unusable(`${failed}the cluster is gone`);
    try {
      const dataKey = this.#context.openDataKey(cluster.encryption, encryptionContextOf(cluster));
      this.#opened.set(id, dataKey);
      return dataKey;
    } catch (error) {
      if (error instanceof Refusal) throw unusable(`${failed}${error.code}: ${error.message}`);
      throw error;
    }
  }
}

const unusable = (message: string): ApiError =>
  new ApiError(500, 'InternalError', `Internal error occurred: ${message}`);
