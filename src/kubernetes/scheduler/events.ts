import { jsonEqual } from '../../store/index.ts';
import { isSelected } from '../controllers/node-fit.ts';
import { standsTaints } from './node-filters.ts';
import type { PlacedNode } from './objects.ts';
import type { PodInfo } from './pod-info.ts';
import { isSamePort } from './pod-shape.ts';
import type { Term } from './pod-terms.ts';
import { allocatableOf } from './resources.ts';
import { hardSpreads } from './spread-constraints.ts';
import type { Plugin } from './verdict.ts';

/** What has changed in a cluster that may give a pod a place. */
export type ClusterEvent =
  | { readonly type: 'node'; readonly before: PlacedNode | undefined; readonly after: PlacedNode }
  | { readonly type: 'node-gone' }
  /** Of pods that have a node. */
  | { readonly type: 'pod-came' | 'pod-left'; readonly info: PodInfo }
  /** It is about to go, and no longer counts where pods are spread. */
  | { readonly type: 'pod-leaves'; readonly info: PodInfo }
  | { readonly type: 'storage' };

/** Whether a node's change may matter to anybody: reports of its health don't. */
export const isChangeOfNode = (before: PlacedNode | undefined, after: PlacedNode): boolean =>
  before === undefined ||
  before.spec?.unschedulable !== after.spec?.unschedulable ||
  !jsonEqual((before.spec?.taints ?? []) as never, (after.spec?.taints ?? []) as never) ||
  !jsonEqual(before.metadata.labels ?? {}, after.metadata.labels ?? {}) ||
  !jsonEqual(before.status?.allocatable ?? {}, after.status?.allocatable ?? {});

/**
 * Whether what has changed may move a rule that has kept the pod from its nodes, as upstream's queueing hints tell it.
 * @param isMeant Whether a term is about a pod.
 */
export function mayHelp(
  info: PodInfo,
  plugin: Plugin,
  event: ClusterEvent,
  isMeant: (term: Term, info: PodInfo) => boolean,
): boolean {
  switch (plugin) {
    case 'NodeAffinity':
      return onNode(event, (node) => isSelected(node, info.pod.spec));
    case 'NodeUnschedulable':
    case 'TaintToleration':
      return onNode(event, (node) => isOpenTo(node, info));
    case 'NodePorts':
      return event.type === 'pod-left'
        ? info.shape.hostPorts.some((one) =>
            event.info.shape.hostPorts.some((other) => isSamePort(one, other)),
          )
        : isNew(event);
    case 'NodeResourcesFit':
      return event.type === 'pod-left' || onNodeWithMore(event, info);
    case 'PodTopologySpread':
      return event.type === 'pod-came' || event.type === 'pod-left' || event.type === 'pod-leaves'
        ? isCounted(info, event.info)
        : event.type === 'node-gone' ||
            onChangedLabels(event) ||
            onNode(event, (node) => isOpenTo(node, info));
    case 'InterPodAffinity':
      return affinityMayHelp(info, event, isMeant);
    case 'VolumeBinding':
    case 'VolumeZone':
      return event.type === 'storage' || event.type === 'node';
    case 'NodeVolumeLimits':
    case 'VolumeRestrictions':
      return event.type === 'storage' || event.type === 'pod-left' || isNew(event);
  }
}

function affinityMayHelp(
  info: PodInfo,
  event: ClusterEvent,
  isMeant: (term: Term, info: PodInfo) => boolean,
): boolean {
  switch (event.type) {
    case 'pod-came':
      return info.terms.near.some((term) => isMeant(term, event.info));
    case 'pod-left':
      return (
        info.terms.apart.some((term) => isMeant(term, event.info)) ||
        info.terms.near.some((term) => isMeant(term, event.info)) ||
        event.info.terms.apart.some((term) => isMeant(term, info))
      );
    default:
      return onChangedLabels(event);
  }
}

/** A node that is new, or was not so before. */
const onNode = (event: ClusterEvent, is: (node: PlacedNode) => boolean): boolean =>
  event.type === 'node' && is(event.after) && (event.before === undefined || !is(event.before));

const isNew = (event: ClusterEvent): boolean => event.type === 'node' && event.before === undefined;

const isOpenTo = (node: PlacedNode, { shape }: PodInfo): boolean =>
  standsTaints(
    node.spec?.unschedulable === true
      ? {
          ...node,
          spec: {
            taints: [
              ...(node.spec.taints ?? []),
              { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
            ],
          },
        }
      : node,
    shape.spec.tolerations,
  );

const onChangedLabels = (event: ClusterEvent): boolean =>
  event.type === 'node' && !jsonEqual(event.before?.metadata.labels ?? {}, event.after.metadata.labels ?? {});

/** A node that is large enough, and is new or has grown. */
function onNodeWithMore(event: ClusterEvent, { shape: { requests } }: PodInfo): boolean {
  if (event.type !== 'node') return false;
  const now = allocatableOf(event.after.status?.allocatable);
  const isLarge =
    now.pods > 0 &&
    requests.cpuMillis <= now.cpuMillis &&
    requests.memoryBytes <= now.memoryBytes &&
    requests.ephemeralStorageBytes <= now.ephemeralStorageBytes &&
    [...requests.others].every(([name, amount]) => amount <= (now.others.get(name) ?? 0));
  if (!isLarge || event.before === undefined) return isLarge;
  const was = allocatableOf(event.before.status?.allocatable);
  return (
    now.pods > was.pods ||
    now.cpuMillis > was.cpuMillis ||
    now.memoryBytes > was.memoryBytes ||
    now.ephemeralStorageBytes > was.ephemeralStorageBytes ||
    [...now.others].some(([name, amount]) => amount > (was.others.get(name) ?? 0))
  );
}

const isCounted = (info: PodInfo, other: PodInfo): boolean =>
  info.namespace === other.namespace &&
  hardSpreads(info).some(({ selects }) => selects(other.pod.metadata.labels));
