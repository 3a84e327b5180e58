import type { Log } from '../../../log.ts';
import type { Runtime } from '../../../runtime/index.ts';
import { OrphanRemoval } from '../../tasks/orphan-removal.ts';
import { isCritical } from '../eviction/ranking.ts';
import type { Pod } from '../objects/pod.ts';
import { type Allocations, allocationOf } from '../resources/allocations.ts';
import { Resizes } from '../resources/resizes.ts';
import { type AdmittingNode, admit, type Rejection, unpreempted, wrongNodeReason } from './admission.ts';
import { podLabels } from './names.ts';
import { preempted } from './pod-end.ts';
import type { PodSteps } from './pod-steps.ts';
import { isRunning } from './pod-view.ts';
import { PodWorker, type PodWorkerOptions } from './pod-worker.ts';
import { podsToPreempt } from './preemption.ts';

export interface PodBoardOptions extends Omit<PodWorkerOptions, 'pendingResize'> {
  readonly runtime: Runtime;
  readonly steps: PodSteps;
  readonly labels: Readonly<Record<string, string>>;
  readonly log: Log;
  readonly allocations: Allocations;
  /** As pods are admitted to it. */
  readonly node: () => AdmittingNode;
  /** Asks the API server what it has of the node now. */
  readonly refreshNode: () => Promise<void>;
}

/** All pods of a node: a worker for each, and whoever tells it what has happened. */
export class PodBoard {
  readonly #options: PodBoardOptions;
  readonly #workers = new Map<string, PodWorker>();
  /** Gone from the API server. A worker is kept until the node has nothing of its pod either. */
  readonly #removed = new Set<string>();
  /** As the API server has them: with what they ask for, given or not. */
  readonly #asked = new Map<string, Pod>();
  readonly #resizes: Resizes;
  #knowsAll = false;
  readonly #running = new Set<Promise<void>>();
  readonly #orphans: OrphanRemoval;

  constructor(options: PodBoardOptions) {
    this.#options = options;
    this.#orphans = new OrphanRemoval(options);
    this.#resizes = new Resizes(options);
  }

  /** The pods that are, or were and are not gone yet. */
  get workers(): readonly PodWorker[] {
    return [...this.#workers.values()];
  }

  /** For the informer: the API server has this now, had that before. */
  changed(now: Pod | undefined, before: Pod | undefined): void {
    if (before && before.metadata.uid !== now?.metadata.uid) this.#gone(before);
    if (now !== undefined) {
      this.#asked.set(now.metadata.uid, now);
      const worker = this.#workers.get(now.metadata.uid);
      if (worker) worker.update(this.#resizes.held(now));
      else this.#add(now);
    }
    this.#settleResizes();
  }

  /** All pods of the node are known: whoever asks for more can be told whether there is more. */
  knowsAll(): void {
    this.#knowsAll = true;
    this.#options.allocations.keepOnly(new Set(this.#asked.keys()));
    this.#settleResizes();
  }

  #settleResizes(): void {
    if (!this.#knowsAll) return;
    const active = this.workers.filter((worker) => worker.isActive).map(({ pod }) => pod.metadata.uid);
    for (const pod of this.#resizes.settle(active.flatMap((uid) => this.#asked.get(uid) ?? [])))
      this.#workers.get(pod.metadata.uid)?.update(this.#resizes.held(pod));
  }

  /** Follows the engine until the signal aborts. */
  async watch(): Promise<void> {
    const { runtime, labels, signal } = this.#options;
    for await (const event of runtime.events(labels, signal)) {
      if (event.type === 'disconnected') continue;
      if (event.type === 'connected') for (const worker of this.#workers.values()) worker.poke();
      else this.#workers.get(event.labels[podLabels.uid] ?? '')?.poke();
    }
  }

  /** Ends what an earlier kubelet made for pods that are not there any more. Only once all pods are known. */
  async removeOrphans(): Promise<void> {
    const { runtime, labels, steps } = this.#options;
    const [containers, sandboxes] = await Promise.all([
      runtime.listContainers(labels),
      runtime.listSandboxes(labels),
    ]);
    const found = [...containers, ...sandboxes].flatMap((each) => each.labels[podLabels.uid] ?? []);
    for (const uid of new Set(found)) {
      if (this.#workers.has(uid)) continue;
      this.#orphans.add({
        name: uid,
        isOrphan: () => !this.#workers.has(uid),
        remove: async () => {
          const view = await steps.view(uid);
          const running = [...view.runs.values()].flat().filter(isRunning);
          const grace = (run: (typeof running)[number]) =>
            Number(run.container.labels[podLabels.gracePeriod] ?? 30);
          await Promise.all(running.map((run) => steps.hurry(run, grace(run))));
          await steps.release(uid, view);
          await steps.remove(uid, view);
        },
      });
    }
  }

  /** Resolves when no worker is at work any more: after the signal aborted. */
  async settled(): Promise<void> {
    await Promise.all([...this.#running, this.#orphans.settled()]);
  }

  #add(pod: Pod): void {
    const worker = new PodWorker(this.#resizes.held(pod), {
      ...this.#options,
      pendingResize: (uid) => this.#resizes.pendingOf(uid),
    });
    const rejection = this.#rejectionOf(worker);
    this.#workers.set(pod.metadata.uid, worker);
    const running = this.#begin(worker, rejection).finally(() => this.#running.delete(running));
    this.#running.add(running);
    void running.then(() => this.#forgetIfGone(pod.metadata.uid));
  }

  /** Whoever seems to be at the wrong node may have been bound by a label that is newer than what is known of the node. */
  async #begin(worker: PodWorker, first: Rejection | undefined): Promise<void> {
    let rejection = first;
    if (rejection?.reason === wrongNodeReason) {
      await this.#options.refreshNode();
      rejection = this.#rejectionOf(worker);
    }
    this.#admit(worker, rejection);
    await worker.run();
  }

  #admit(worker: PodWorker, rejection: Rejection | undefined): void {
    const { pod } = worker;
    if (!worker.isActive) return;
    const { allocations, events } = this.#options;
    if (rejection === undefined) {
      const { uid } = pod.metadata;
      if (allocations.of(uid) === undefined) allocations.give(uid, allocationOf(pod));
      return;
    }
    const { reason, message } = rejection;
    events.warning(pod, reason, message);
    worker.end({ reason, message: `Pod was rejected: ${message}` });
  }

  /** What an earlier kubelet has admitted stays. */
  #rejectionOf(worker: PodWorker): Rejection | undefined {
    const { pod } = worker;
    if (!worker.isActive || pod.status?.startTime !== undefined) return undefined;
    const others = this.workers.filter((each) => each !== worker && each.isActive).map((each) => each.pod);
    return this.#preempted(pod, others, admit(pod, this.#options.node(), others));
  }

  /** A pod that the node needs has the room of others. @returns why it has none all the same. */
  #preempted(pod: Pod, others: readonly Pod[], rejection: Rejection | undefined): Rejection | undefined {
    if (rejection?.lacking === undefined || !isCritical(pod)) return rejection;
    const victims = podsToPreempt(pod, others, rejection.lacking);
    if (victims === undefined) return unpreempted(rejection.lacking);
    for (const victim of victims) {
      this.#options.events.warning(victim, preempted.reason, preempted.message);
      this.#workers.get(victim.metadata.uid)?.end(preempted);
    }
    return undefined;
  }

  #gone(pod: Pod): void {
    const worker = this.#workers.get(pod.metadata.uid);
    worker?.removed(pod);
    this.#removed.add(pod.metadata.uid);
    this.#forgetIfGone(pod.metadata.uid);
  }

  #forgetIfGone(uid: string): void {
    if (!this.#workers.get(uid)?.isFinished || !this.#removed.has(uid)) return;
    this.#workers.delete(uid);
    this.#removed.delete(uid);
    this.#asked.delete(uid);
    this.#options.allocations.forget(uid);
  }
}
