import { isDeepStrictEqual } from 'node:util';
import type { Clock, Random } from '../../../clock/index.ts';
import type { Log } from '../../../log.ts';
import { BackOff } from '../../back-off.ts';
import { Gate } from '../../gate.ts';
import type { Api } from '../api/api-client.ts';
import { ApiError, isConflict, isNotFound } from '../api/api-error.ts';
import { pods } from '../api/resources.ts';
import type { Pod, PodStatus } from '../objects/pod.ts';

/** Conditions of the kubelet's that come and go. */
const passing: ReadonlySet<string> = new Set(['PodResizePending', 'PodResizeInProgress']);

/** Somebody else's words stay as long as upstream's do at most: its kubelet compares so often. */
const putRightMs = 10_000;

/** What a condition said before goes with what it said. */
const noWords = { reason: null, message: null };

export interface StatusWriterOptions {
  readonly api: Pick<Api, 'patch' | 'delete'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * The one writer of one pod's status. Of statuses that come faster than they can be written, only the newest is; what says
 * nothing new is not written. What somebody else writes over it is put right after a while. Never gives up before the
 * signal aborts or the pod is gone.
 */
export class StatusWriter {
  readonly #pod: Pod;
  readonly #options: StatusWriterOptions;
  readonly #gate = new Gate();
  #wanted: PodStatus | undefined;
  #written: PodStatus | undefined;
  /** As the API server had it then. */
  #stored: PodStatus | undefined;
  /** As the API server has it, by what it told last. */
  #known: Pick<Pod, 'metadata' | 'status'>;
  /** Monotonic. */
  #putRightAtMs: number | undefined;
  #isGone = false;
  #settled = Promise.withResolvers<void>();

  constructor(pod: Pod, options: StatusWriterOptions) {
    this.#pod = pod;
    this.#known = pod;
    this.#options = options;
  }

  write(status: PodStatus): void {
    if (isDeepStrictEqual(status, this.#wanted ?? this.#written)) return;
    this.#wanted = status;
    this.#gate.open();
  }

  /** The API server has this of the pod. */
  seen(pod: Pod): void {
    if (!isLater(pod, this.#known)) return;
    this.#known = pod;
    this.#judge();
  }

  /** Resolves when the newest status is written, or the pod is gone. */
  async settled(): Promise<void> {
    while (this.#wanted !== undefined && !this.#isGone && !this.#options.signal.aborted)
      await this.#settled.promise;
  }

  /** Writes until the signal aborts. */
  async run(): Promise<void> {
    const { signal, clock, random, log } = this.#options;
    const backOff = new BackOff({ leastMs: 100, mostMs: 10_000 }, random);
    signal.addEventListener('abort', () => this.#settled.resolve(), { once: true });
    while (!signal.aborted && !this.#isGone) {
      const status = this.#wanted;
      if (status === undefined) {
        await this.#waitForMore();
        continue;
      }
      try {
        await this.#patch(status);
        this.#written = status;
        this.#judge();
        if (this.#wanted === status) this.#wanted = undefined;
        backOff.reset();
        this.#tell();
      } catch (error) {
        if (signal.aborted) return;
        if (isNotFound(error) || isConflict(error)) {
          this.#isGone = true;
          this.#tell();
          return;
        }
        const delayMs = backOff.nextDelayMs();
        log.warn('A pod status could not be written: trying again', {
          pod: this.#pod.metadata.uid,
          delayMs,
          error,
        });
        await clock.sleep(delayMs, signal).catch(() => {});
      }
    }
  }

  #judge(): void {
    if (!this.#isOverwritten) this.#putRightAtMs = undefined;
    else if (this.#putRightAtMs === undefined) {
      this.#putRightAtMs = this.#options.clock.monotonic() + putRightMs;
      this.#gate.open();
    }
  }

  /** Members and conditions that the kubelet does not write are somebody else's. */
  get #isOverwritten(): boolean {
    const { status = {} } = this.#known;
    const [written, stored] = [this.#written, this.#stored];
    if (written === undefined || stored === undefined) return false;
    const members = [...(Object.keys(written) as (keyof PodStatus)[]), 'reason', 'message'] as const;
    const find = ({ conditions }: PodStatus, wanted: string) =>
      conditions?.find(({ type }) => type === wanted);
    return !(
      members.every(
        (member) => member === 'conditions' || isDeepStrictEqual(status[member], stored[member]),
      ) &&
      (written.conditions ?? []).every(({ type }) =>
        isDeepStrictEqual(find(status, type), find(stored, type)),
      )
    );
  }

  async #waitForMore(): Promise<void> {
    const { signal, clock } = this.#options;
    const leftMs = () => (this.#putRightAtMs ?? Number.POSITIVE_INFINITY) - clock.monotonic();
    if (leftMs() > 0)
      await this.#gate.wait(signal, clock, this.#putRightAtMs === undefined ? undefined : leftMs());
    if (leftMs() <= 0) this.#wanted ??= this.#written;
  }

  /** Takes the pod out of the API, for nothing of it is left on the node. Gone already: success. */
  async deletePod(): Promise<void> {
    const { api, signal } = this.#options;
    const { namespace, name, uid } = this.#pod.metadata;
    try {
      await api.delete(pods, namespace, name, { gracePeriodSeconds: 0, uid }, signal);
    } catch (error) {
      if (!isNotFound(error) && !(error instanceof ApiError && error.code === 409)) throw error;
    }
  }

  async #patch(status: PodStatus): Promise<void> {
    const { api, signal } = this.#options;
    const { namespace, name, uid } = this.#pod.metadata;
    const before = this.#known.status ?? {};
    // What a patch leaves out stays: what is not so any more is taken away by name.
    const gone = (['reason', 'message'] as const).filter(
      (member) => before[member] !== undefined && status[member] === undefined,
    );
    const passed = (before.conditions ?? []).filter(
      ({ type }) => passing.has(type) && !status.conditions?.some((now) => now.type === type),
    );
    const body = {
      metadata: { uid },
      status: {
        ...status,
        conditions: [
          ...(status.conditions ?? []).map((condition) => ({ ...noWords, ...condition })),
          ...passed.map(({ type }) => ({ type, $patch: 'delete' })),
        ],
        ...Object.fromEntries(gone.map((member) => [member, null])),
        ...(before.podIP !== undefined &&
          before.podIP !== status.podIP && { podIPs: [{ $patch: 'replace' }, ...(status.podIPs ?? [])] }),
      },
    };
    const patch = { type: 'strategic', body, subresource: 'status' } as const;
    const answer = await api.patch(pods, namespace, name, patch, signal);
    this.#stored = answer.status;
    if (isLater(answer, this.#known)) this.#known = answer;
  }

  #tell(): void {
    this.#settled.resolve();
    this.#settled = Promise.withResolvers();
  }
}

/** Versions of one object are compared as numbers (KEP-5504). */
const isLater = (one: Pick<Pod, 'metadata'>, other: Pick<Pod, 'metadata'>): boolean =>
  BigInt(one.metadata.resourceVersion ?? 0) > BigInt(other.metadata.resourceVersion ?? 0);
