import type { Clock } from '../../../clock/index.ts';
import { type ContainerDiskUse, noDiskUse, type Runtime } from '../../../runtime/index.ts';
import type { Pod } from '../objects/pod.ts';
import { podLabels } from '../pods/names.ts';
import { allRuns, isRunning, type PodView } from '../pods/pod-view.ts';
import type { ContainerUse, EmptyDirUse, PodUse } from './pod-use.ts';

/** A disk that takes long to go through is gone through more seldom: it is at it a tenth of the time at most. */
const restFactor = 9;

interface Measured<T> {
  readonly value: T;
  readonly untilMs: number;
}

/** Measures what pods use: memory whenever it is asked, disks no more often than that is worth. */
export class PodMeter {
  readonly #options: PodMeterOptions;
  #containers = new Map<string, Measured<ContainerDiskUse>>();
  #emptyDirs = new Map<string, Measured<readonly EmptyDirUse[]>>();

  constructor(options: PodMeterOptions) {
    this.#options = options;
  }

  /** @throws {RuntimeError} the engine is away. */
  async measure(pods: readonly { readonly pod: Pod; readonly view: PodView }[]): Promise<readonly PodUse[]> {
    const [containers, emptyDirs] = [this.#containers, this.#emptyDirs];
    [this.#containers, this.#emptyDirs] = [new Map(), new Map()];
    const measured: PodUse[] = [];
    for (const { pod, view } of pods) {
      const { uid } = pod.metadata;
      const volumes = await this.#fresh(emptyDirs.get(uid), () => this.#options.emptyDirs(pod));
      this.#emptyDirs.set(uid, volumes);
      const uses = [];
      for (const { container } of allRuns(view).filter(isRunning)) {
        const { name, runtimeId, labels } = container;
        const known = await this.#fresh(
          containers.get(runtimeId),
          async () => (await this.#options.runtime.diskUse(name)) ?? { written: noDiskUse, logBytes: 0 },
        );
        this.#containers.set(runtimeId, known);
        uses.push(await this.#use(labels[podLabels.container] ?? '', name, known.value));
      }
      measured.push({ pod, containers: uses, emptyDirs: volumes.value });
    }
    return measured;
  }

  async #use(
    name: string,
    engineName: string,
    { written, logBytes }: ContainerDiskUse,
  ): Promise<ContainerUse> {
    const stats = await this.#options.runtime.stats(engineName);
    return { name, memoryBytes: stats?.memoryBytes ?? 0, written, logBytes };
  }

  async #fresh<T>(known: Measured<T> | undefined, measure: () => Promise<T>): Promise<Measured<T>> {
    const { clock } = this.#options;
    const begunAtMs = clock.monotonic();
    if (known !== undefined && begunAtMs < known.untilMs) return known;
    const value = await measure();
    const nowMs = clock.monotonic();
    return { value, untilMs: nowMs + restFactor * (nowMs - begunAtMs) };
  }
}

export interface PodMeterOptions {
  readonly runtime: Pick<Runtime, 'stats' | 'diskUse'>;
  readonly emptyDirs: (pod: Pod) => Promise<readonly EmptyDirUse[]>;
  readonly clock: Pick<Clock, 'monotonic'>;
}
