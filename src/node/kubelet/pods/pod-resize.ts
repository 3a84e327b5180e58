import { isDeepStrictEqual } from 'node:util';
import { type ContainerLimits, RuntimeError } from '../../../runtime/index.ts';
import type { PodEvents } from '../events/pod-events.ts';
import type { Pod, PodContainer } from '../objects/pod.ts';
import { allocationOf, isSameAllocation } from '../resources/allocations.ts';
import { type ContainerResize, neededResize } from '../resources/container-resize.ts';
import { resizeMessage } from '../resources/resize-message.ts';
import type { ResizeProgress } from '../resources/resizes.ts';
import type { PodSteps } from './pod-steps.ts';
import { type ContainerRun, isRunning, latestRun, type PodView } from './pod-view.ts';
import { isSidecar } from './restart-policy.ts';

/** Brings a running pod's containers to what the pod has been given, and knows how far that is. */
export class PodResize {
  readonly #options: PodResizeOptions;
  /** What the engine has taken of a container, by its id: it may not be able to hold all of it. */
  readonly #taken = new Map<string, ContainerLimits>();
  /** The cgroup of the pod as a whole has what it was given: not known of one that an earlier kubelet made. */
  #isWholeSized = false;
  #underWay: ResizeProgress['underWay'];

  constructor(pod: Pod, options: PodResizeOptions) {
    this.#options = options;
    const told = pod.status?.conditions?.find(({ type }) => type === 'PodResizeInProgress');
    if (told) this.#underWay = { generation: told.observedGeneration };
  }

  get underWay(): ResizeProgress['underWay'] {
    return this.#underWay;
  }

  /** What the pod is run with has changed. */
  changed(before: Pod, now: Pod): void {
    if (isSameAllocation(allocationOf(before), allocationOf(now))) return;
    this.#underWay = { generation: now.metadata.generation };
    this.#isWholeSized = false;
  }

  /** It has to begin anew to have what it was given. */
  needsRestart(container: PodContainer, run: ContainerRun): boolean {
    return this.#needed(container, run)?.needsRestart ?? false;
  }

  /** It has what it was given. */
  isSized(container: PodContainer, run: ContainerRun): boolean {
    return this.#needed(container, run) === undefined;
  }

  /**
   * Changes what can be changed while it runs.
   * @returns whether something is in the way, so that it is to be tried again.
   * @throws {RuntimeError} when the engine is away.
   */
  async apply(pod: Pod, view: PodView): Promise<boolean> {
    const [sandbox] = view.sandboxes;
    if (!sandbox?.isRunning) return false;
    const runs = resizable(pod).flatMap((container) => {
      const run = latestRun(view, container.name);
      return run && isRunning(run) ? [{ container, run }] : [];
    });
    const due = runs.flatMap(({ container, run }) => {
      const needed = this.#needed(container, run);
      return needed && !needed.needsRestart ? [{ container, run, limits: needed.limits }] : [];
    });
    if (due.length === 0 && this.#isWholeSized) return false;
    try {
      await this.#options.steps.resize(pod, sandbox.id, { runs: runs.map(({ run }) => run), due });
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.code === 'EngineUnavailable') throw error;
      this.#failed(pod, error.detail);
      return true;
    }
    for (const { run, limits } of due) this.#taken.set(run.container.runtimeId, limits);
    this.#isWholeSized = true;
    return false;
  }

  /** Once all that runs has what it was given, it is done. */
  finish(pod: Pod, view: PodView): void {
    if (this.#underWay === undefined || !this.#isWholeSized) return;
    const isDone = resizable(pod).every((container) => {
      const run = latestRun(view, container.name);
      return run === undefined || !isRunning(run) || this.isSized(container, run);
    });
    if (!isDone) return;
    this.#underWay = undefined;
    this.#options.events.normal(pod, 'ResizeCompleted', resizeMessage('Pod resize completed', pod));
  }

  #failed(pod: Pod, error: string): void {
    const { generation = pod.metadata.generation, error: before } = this.#underWay ?? {};
    this.#underWay = { generation, error };
    if (error !== before)
      this.#options.events.warning(pod, 'ResizeError', resizeMessage('Pod resize error', pod, error));
  }

  #needed(
    container: PodContainer,
    { container: { runtimeId, limits } }: ContainerRun,
  ): ContainerResize | undefined {
    const needed = neededResize(container, limits, this.#options.nodeCpuMillis);
    return isDeepStrictEqual(needed?.limits, this.#taken.get(runtimeId)) ? undefined : needed;
  }
}

export interface PodResizeOptions {
  readonly steps: Pick<PodSteps, 'resize'>;
  readonly events: Pick<PodEvents, 'normal' | 'warning'>;
  readonly nodeCpuMillis: number;
}

const resizable = ({ spec }: Pod): readonly PodContainer[] => [
  ...spec.containers,
  ...(spec.initContainers ?? []).filter(isSidecar),
];
