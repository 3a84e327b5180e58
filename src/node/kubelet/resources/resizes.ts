import type { Clock } from '../../../clock/index.ts';
import type { PodEvents } from '../events/pod-events.ts';
import type { Pod, PodCondition } from '../objects/pod.ts';
import { type AdmittingNode, lackingCapacity, lackingResource } from '../pods/admission.ts';
import { type Allocations, allocationOf, isSameAllocation, withAllocation } from './allocations.ts';
import { podRequests } from './pod-requests.ts';
import { qosOf } from './qos.ts';
import { resizeMessage } from './resize-message.ts';

/** Why a pod does not have yet, or can't have, what it asks for. */
export interface PendingResize {
  readonly reason: 'Deferred' | 'Infeasible';
  readonly message: string;
  /** Of the pod, when it asked. */
  readonly generation: number | undefined;
}

interface Waiting extends PendingResize {
  readonly sinceMs: number;
}

/**
 * What pods ask for while they run: given when the node has it, by upstream's order of who is given first. What can't be given
 * now is looked at again when others go or ask for less.
 */
export class Resizes {
  readonly #options: ResizesOptions;
  readonly #waiting = new Map<string, Waiting>();

  constructor(options: ResizesOptions) {
    this.#options = options;
  }

  pendingOf(podUid: string): PendingResize | undefined {
    return this.#waiting.get(podUid);
  }

  /**
   * Gives what can be given.
   * @param pods As the API server has them: those that run, or are to.
   * @returns those of which something has changed: what they have, or why they don't have it.
   */
  settle(pods: readonly Pod[]): readonly Pod[] {
    for (const uid of this.#waiting.keys())
      if (!pods.some(({ metadata }) => metadata.uid === uid)) this.#waiting.delete(uid);
    return pods
      .filter((pod) => this.#isResized(pod))
      .toSorted(this.#inOrder)
      .filter((pod) => this.#settle(pod, pods));
  }

  #isResized(pod: Pod): boolean {
    const given = this.#options.allocations.of(pod.metadata.uid);
    const isResized = given !== undefined && !isSameAllocation(given, allocationOf(pod));
    return isResized || this.#waiting.has(pod.metadata.uid);
  }

  #settle(pod: Pod, pods: readonly Pod[]): boolean {
    const { allocations, node, events, clock } = this.#options;
    const { uid, generation } = pod.metadata;
    const before = this.#waiting.get(uid);
    const asked = allocationOf(pod);
    const given = allocations.of(uid);
    if (given === undefined || isSameAllocation(given, asked)) return this.#waiting.delete(uid);
    const others = pods.filter((other) => other.metadata.uid !== uid).map((other) => this.held(other));
    const infeasible = lackingCapacity(pod, node());
    const refusal = infeasible ?? lackingResource(pod, node(), others)?.message;
    if (refusal === undefined) {
      allocations.give(uid, asked);
      this.#waiting.delete(uid);
      events.normal(pod, 'ResizeStarted', resizeMessage('Pod resize started', pod));
      return true;
    }
    const reason = infeasible === undefined ? 'Deferred' : 'Infeasible';
    const now = { reason, message: refusal, generation, sinceMs: before?.sinceMs ?? clock.now() } as const;
    this.#waiting.set(uid, now);
    if (before?.reason === reason && before.message === refusal && before.generation === generation)
      return false;
    events.warning(pod, `Resize${reason}`, resizeMessage(`Pod resize ${reason}`, pod, refusal));
    return true;
  }

  /** The pod as it is run. */
  held(pod: Pod): Pod {
    return withAllocation(pod, this.#options.allocations.of(pod.metadata.uid));
  }

  /** First who asks for no more than he has, then by priority, by class, and by how long one has waited. */
  readonly #inOrder = (one: Pod, other: Pod): number =>
    Number(this.#asksForMore(one)) - Number(this.#asksForMore(other)) ||
    (other.spec.priority ?? 0) - (one.spec.priority ?? 0) ||
    Number(qosOf(other) === 'Guaranteed') - Number(qosOf(one) === 'Guaranteed') ||
    this.#waitingSince(one) - this.#waitingSince(other);

  #asksForMore(pod: Pod): boolean {
    const [asked, given] = [podRequests(pod.spec), podRequests(this.held(pod).spec)];
    return ['cpu', 'memory'].some((name) => (asked.get(name) ?? 0n) > (given.get(name) ?? 0n));
  }

  #waitingSince({ metadata }: Pod): number {
    return this.#waiting.get(metadata.uid)?.sinceMs ?? Number.MAX_SAFE_INTEGER;
  }
}

export interface ResizesOptions {
  readonly allocations: Allocations;
  readonly node: () => Pick<AdmittingNode, 'allocatable'>;
  readonly events: Pick<PodEvents, 'normal' | 'warning'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** How far a pod is on the way to what it asks for, as its conditions say it. */
export interface ResizeProgress {
  readonly pending?: PendingResize;
  /** It has been given, and its containers do not all have it yet; with why not, if something is in the way. */
  readonly underWay?: { readonly generation: number | undefined; readonly error?: string };
}

/** Without times: those are the condition's, as of all others. */
export function resizeVerdicts({ pending, underWay }: ResizeProgress): readonly (Pick<
  PodCondition,
  'type' | 'reason' | 'message' | 'observedGeneration'
> & {
  readonly status: 'True';
})[] {
  const of = (generation: number | undefined) =>
    generation === undefined ? {} : { observedGeneration: generation };
  return [
    ...(pending
      ? [
          {
            ...{ type: 'PodResizePending', status: 'True' as const },
            ...{ reason: pending.reason, message: pending.message, ...of(pending.generation) },
          },
        ]
      : []),
    ...(underWay
      ? [
          {
            ...{ type: 'PodResizeInProgress', status: 'True' as const },
            ...(underWay.error !== undefined && { reason: 'Error', message: underWay.error }),
            ...of(underWay.generation),
          },
        ]
      : []),
  ];
}
