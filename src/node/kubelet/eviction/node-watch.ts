import type { Clock } from '../../../clock/index.ts';
import type { Runtime } from '../../../runtime/index.ts';
import type { PodEvents } from '../events/pod-events.ts';
import { isFargate } from '../fargate.ts';
import { ImageCollector } from '../images/image-collector.ts';
import { readImageName } from '../images/image-name.ts';
import type { PulledImages } from '../images/pulled-images.ts';
import type { KubeletSettings, NodeDescription } from '../kubelet-options.ts';
import { allContainers } from '../objects/pod.ts';
import type { PodWorker } from '../pods/pod-worker.ts';
import { kubepodsLimits } from '../resources/node-cgroups.ts';
import { type FileSystemSpace, shareOf, spaceOf } from '../usage/node-disk.ts';
import { PodMeter, type PodMeterOptions } from '../usage/pod-meter.ts';
import { diskOf, memoryOf, type PodUse } from '../usage/pod-use.ts';
import { imageVolumesOf } from '../volumes/volume-source.ts';
import { Evictions } from './evictions.ts';
import type { Observations } from './thresholds.ts';

const MiB = 1_048_576;

/** Watches over what a node has left, and puts together who does something about it. */
export function nodeWatch(options: NodeWatchOptions) {
  const { node, runtime, images, events, clock, settings, workers } = options;
  const meter = new PodMeter({ runtime, emptyDirs: options.emptyDirs, clock });
  const machineDisk = options.machineDisk ?? (() => spaceOf(options.stateDirectory));
  const { ephemeralStorageBytes } = node.capacity;
  let podBytes = 0;
  const disk = async () => shareOf(await machineDisk(), ephemeralStorageBytes, podBytes + images.totalBytes);
  const needed = (): ReadonlySet<string> =>
    new Set(
      workers()
        .filter((worker) => worker.isActive)
        .flatMap(({ pod }) => [
          ...allContainers(pod.spec).map(({ image }) => image),
          ...imageVolumesOf(pod).map(({ reference }) => reference),
        ])
        .flatMap((image = '') => readImageName(image)?.reference ?? []),
    );
  const eviction = new Evictions({
    ...{ workers, events, clock, onPressure: options.onPressure },
    ...{ checkMs: settings.evictionCheckMs, transitionMs: settings.pressureTransitionMs },
    measure: (some) => meter.measure(some),
    observe: async (uses) => {
      podBytes = uses.reduce((sum, use) => sum + diskOf(use).bytes, 0);
      return { ...memoryOfNode(node, uses), ...diskOfNode(await machineDisk(), await disk()) };
    },
    reclaim: async () => {
      for (const worker of workers()) await worker.removeEnded();
      await images.remove(Number.POSITIVE_INFINITY, needed());
    },
  });
  return { eviction, disk, collector: new ImageCollector({ disk, images, needed, events, clock }) };
}

/**
 * Pods are all that uses memory of a node: it is short when they come near to what they may have together. A pod of Fargate is
 * alone, and may have all of it.
 */
function memoryOfNode(node: NodeWatchOptions['node'], uses: readonly PodUse[]): Observations {
  if (isFargate(node)) return {};
  const used = uses.reduce((sum, use) => sum + memoryOf(use), 0);
  const bytes = kubepodsLimits(node, 0).memoryMiB * MiB;
  return { 'allocatableMemory.available': { capacity: bytes, available: Math.max(0, bytes - used) } };
}

/** File systems that make inodes as they are needed say that they have none. */
function diskOfNode(
  { totalInodes, freeInodes }: FileSystemSpace,
  bytes: { readonly capacity: number; readonly available: number },
): Observations {
  return {
    'nodefs.available': bytes,
    ...(totalInodes > 0 && { 'nodefs.inodesFree': { capacity: totalInodes, available: freeInodes } }),
  };
}

export interface NodeWatchOptions {
  readonly node: Pick<NodeDescription, 'capacity' | 'labels'>;
  readonly runtime: Pick<Runtime, 'stats' | 'diskUse'>;
  readonly workers: () => readonly PodWorker[];
  readonly images: PulledImages;
  readonly emptyDirs: PodMeterOptions['emptyDirs'];
  readonly events: Pick<PodEvents, 'warning' | 'ofNode'>;
  readonly onPressure: () => void;
  readonly stateDirectory: string;
  /** Default: of the file system that the state directory is on. */
  readonly machineDisk?: () => Promise<FileSystemSpace>;
  readonly clock: Clock;
  readonly settings: Pick<KubeletSettings, 'evictionCheckMs' | 'pressureTransitionMs'>;
}
