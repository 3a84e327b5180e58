import { meets, type Toleration, tolerates } from '../controllers/node-fit.ts';
import type { NodeInfo } from './node-info.ts';
import type { PlacedNode, PlacedSpec } from './objects.ts';
import type { PodShape } from './pod-shape.ts';
import type { ClusterView } from './view.ts';

/** Scores go from nothing to this. */
export const most = 100;

/** How much of the node stays free, of processor and memory alike. */
export function leastAllocated(
  { allocatable, scoredCpuMillis, scoredMemoryBytes }: NodeInfo,
  { scored }: PodShape,
): number {
  let [score, counted] = [0, 0];
  const count = (all: number, taken: number): void => {
    if (all === 0) return;
    counted++;
    if (taken <= all) score += Math.floor(((all - taken) * most) / all);
  };
  count(allocatable.cpuMillis, scoredCpuMillis + scored.cpuMillis);
  count(allocatable.memoryBytes, scoredMemoryBytes + scored.memoryBytes);
  return counted === 0 ? 0 : Math.floor(score / counted);
}

/** How much evener the pod makes the use of processor and memory. */
export function balance(info: NodeInfo, { requests }: PodShape): number {
  if (requests.cpuMillis === 0 && requests.memoryBytes === 0) return 0;
  const before = evenness(info, info.requestedCpuMillis, info.requestedMemoryBytes);
  const after = evenness(
    info,
    info.requestedCpuMillis + requests.cpuMillis,
    info.requestedMemoryBytes + requests.memoryBytes,
  );
  return most / 2 + Math.floor((most / 2 + after - before) / 2);
}

function evenness({ allocatable }: NodeInfo, cpuMillis: number, memoryBytes: number): number {
  if (allocatable.cpuMillis === 0 || allocatable.memoryBytes === 0) return most;
  const cpu = Math.min(1, cpuMillis / allocatable.cpuMillis);
  const memory = Math.min(1, memoryBytes / allocatable.memoryBytes);
  return Math.floor((1 - Math.abs(cpu - memory) / 2) * most);
}

/** How many taints that only ask the pod would rather not have. To be reversed. */
export const unwelcomeTaints = ({ spec }: PlacedNode, tolerations: readonly Toleration[] = []): number =>
  (spec?.taints ?? []).filter(
    (taint) =>
      taint.effect === 'PreferNoSchedule' &&
      !tolerations.some(
        (it) =>
          (it.effect === undefined || it.effect === '' || it.effect === 'PreferNoSchedule') &&
          tolerates(it, taint),
      ),
  ).length;

/** The weights of what the pod prefers of nodes and the node has. */
export function preference(node: PlacedNode, { affinity }: PlacedSpec): number {
  let score = 0;
  const { labels = {}, name } = node.metadata;
  for (const { weight, preference } of affinity?.nodeAffinity
    ?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
    if (meets(preference, labels, { 'metadata.name': name })) score += weight;
  return score;
}

const mebibyte = 1_024 * 1_024;
const leastImageBytes = 23 * mebibyte;
const mostImageBytes = 1_000 * mebibyte;

/** How much of the pod's images the node has; images that few nodes have count for less. */
export function imageLocality(node: PlacedNode, { images }: PodShape, view: ClusterView): number {
  if (node.status?.images === undefined || images.length === 0) return 0;
  let bytes = 0;
  for (const { names = [] } of node.status.images)
    for (const wanted of images)
      if (names.includes(wanted)) {
        const { nodes = 0, sizeBytes = 0 } = view.image(wanted) ?? {};
        bytes += Math.floor(sizeBytes * (nodes / view.nodes.length));
      }
  const largest = mostImageBytes * images.length;
  const counted = Math.min(largest, Math.max(leastImageBytes, bytes));
  return Math.floor((most * (counted - leastImageBytes)) / (largest - leastImageBytes));
}
