import type { RecordKey } from '../../../reconcile/index.ts';
import type { EcsContext } from '../context.ts';
import { transactOnInstance } from './connections.ts';

/** Taken at once, so that a payload costs no commit. What a session leaves over is never used. */
export const sequenceBlock = 1_000;

/**
 * Numbers for payloads and manifests that grow for ever, also over restarts and in other processes: the
 * instance's record says up to where they may have been used, before they are.
 */
export class Sequence {
  readonly #ecs: EcsContext;
  readonly #instanceKey: RecordKey;
  #next: number;
  #end: number;

  /** @param end The last number of a block already taken in the record. */
  constructor(ecs: EcsContext, instanceKey: RecordKey, end: number) {
    this.#ecs = ecs;
    this.#instanceKey = instanceKey;
    this.#next = end - sequenceBlock + 1;
    this.#end = end;
  }

  async take(): Promise<number> {
    if (this.#next > this.#end) await this.#takeBlock();
    return this.#next++;
  }

  async #takeBlock(): Promise<void> {
    const instance = await transactOnInstance(this.#ecs, this.#instanceKey, (before) => ({
      ...before,
      seqNum: before.seqNum + sequenceBlock,
    }));
    if (instance === undefined) throw new Error(`No numbers for ${this.#instanceKey}: it is gone`);
    this.#end = instance.seqNum;
    this.#next = instance.seqNum - sequenceBlock + 1;
  }
}
