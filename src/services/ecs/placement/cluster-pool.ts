import {
  type RecordChange,
  type RecordKey,
  recordKey,
  type State,
  type Transaction,
} from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { type ContainerInstanceRecord, containerInstances } from '../records.ts';
import { InstancePool } from './instance-pool.ts';

/**
 * A cluster's instances as one transaction sees them. The pool follows the committed records; for the transaction
 * that asks, what it has written itself is laid over them, and taken back when another one asks. That costs as much
 * as was written since, not as much as there is.
 */
class ClusterPool {
  readonly pool = new InstancePool();
  readonly #prefix: string;
  /** What is committed of those that show something else. */
  readonly #covered = new Map<string, ContainerInstanceRecord | undefined>();
  /** What the transaction that is laid over has written, and how much of it shows. */
  #written: readonly RecordKey[] = [];
  #laid = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** What was committed. */
  follow(id: string, instance: ContainerInstanceRecord | undefined): void {
    if (this.#covered.has(id)) this.#covered.set(id, instance);
    else this.pool.set(id, instance);
  }

  /** From now on the pool shows what this transaction sees. */
  show(tx: Transaction): void {
    const written = tx.written(containerInstances);
    if (written !== this.#written) {
      for (const [id, committed] of this.#covered) this.pool.set(id, committed);
      this.#covered.clear();
      this.#written = written;
      this.#laid = 0;
    }
    for (; this.#laid < written.length; this.#laid += 1) {
      const key = written[this.#laid];
      if (key?.startsWith(this.#prefix)) this.#cover(idOf(key), tx.get(containerInstances, key));
    }
  }

  #cover(id: string, instance: ContainerInstanceRecord | undefined): void {
    if (!this.#covered.has(id)) this.#covered.set(id, this.pool.get(id));
    this.pool.set(id, instance);
  }
}

/** By the prefix of the instances' keys. */
const poolsOf = new WeakMap<State, Map<string, ClusterPool>>();

/**
 * The pool that shows what the transaction sees, for use within its run. What the run writes afterwards, it has to
 * let it `show`.
 */
export function clusterPool(tx: Transaction, state: State, scope: Scope, cluster: string): ClusterPool {
  const prefix = `${recordKey(containerInstances, scope.accountId, scope.region, cluster)}/`;
  const pools = poolsOf.get(state) ?? followed(state);
  let clusterPool = pools.get(prefix);
  if (clusterPool === undefined) {
    clusterPool = new ClusterPool(prefix);
    for (const { key, value } of state.list(containerInstances, prefix)) clusterPool.follow(idOf(key), value);
    pools.set(prefix, clusterPool);
  }
  clusterPool.show(tx);
  return clusterPool;
}

/** Starts to follow a state: its pools are made when their clusters are first asked for. */
function followed(state: State): Map<string, ClusterPool> {
  const pools = new Map<string, ClusterPool>();
  poolsOf.set(state, pools);
  state.subscribe(containerInstances, ({ key, after }: RecordChange<ContainerInstanceRecord>) => {
    const id = idOf(key);
    const prefix = key.slice(0, key.length - id.length);
    const clusterPool = pools.get(prefix);
    clusterPool?.follow(id, after);
    if (clusterPool?.pool.size === 0) pools.delete(prefix);
  });
  return pools;
}

function idOf(key: RecordKey): string {
  return key.slice(key.lastIndexOf('/') + 1);
}
