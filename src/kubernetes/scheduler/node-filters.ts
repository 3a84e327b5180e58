import { isSelected, type Toleration, tolerates } from '../controllers/node-fit.ts';
import { type NodeInfo, shortages } from './node-info.ts';
import type { PlacedNode } from './objects.ts';
import type { PodShape } from './pod-shape.ts';
import { type Plugin, refusal, type Verdict } from './verdict.ts';

const unschedulableTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
const unschedulable = refusal('NodeUnschedulable', 'node(s) were unschedulable', true);
const notSelected = refusal('NodeAffinity', "node(s) didn't match Pod's node affinity/selector", true);
const noPorts = refusal('NodePorts', "node(s) didn't have free ports for the requested pod ports");

/** What differs between versions of Kubernetes. */
export interface Words {
  /** Up to 1.35 the taint is named. */
  readonly namesTaints: boolean;
}

/** Judged by the node and the pods on it alone, in upstream's order. Undefined: there is room. */
export function judgeNode(info: NodeInfo, shape: PodShape, words: Words): Verdict | undefined {
  const { node } = info;
  if (node === undefined) return notSelected;
  const { tolerations = [] } = shape.spec;
  if (node.spec?.unschedulable === true && !isTolerated(unschedulableTaint, tolerations))
    return unschedulable;
  const taint = node.spec?.taints?.find(
    (it) => (it.effect === 'NoSchedule' || it.effect === 'NoExecute') && !isTolerated(it, tolerations),
  );
  if (taint !== undefined) {
    const reason = words.namesTaints
      ? `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`
      : 'node(s) had untolerated taint(s)';
    return refusal('TaintToleration', reason, true);
  }
  if (shape.choosesNodes && !isSelected(node, shape.spec)) return notSelected;
  if (!info.hasFree(shape.hostPorts)) return noPorts;
  return judgeFit(info, shape);
}

function judgeFit(info: NodeInfo, { requests }: PodShape): Verdict | undefined {
  const isFull = info.pods.size + 1 > info.allocatable.pods;
  const short = shortages(info, requests);
  if (!isFull && short.length === 0) return undefined;
  return {
    plugin: 'NodeResourcesFit' satisfies Plugin,
    reasons: [
      ...(isFull ? ['Too many pods'] : []),
      ...short.map(({ resource }) => `Insufficient ${resource}`),
    ],
    isFinal: short.some(({ isBeyond }) => isBeyond),
  };
}

/** Whether the pod may be on the node for all that taints say. */
export const standsTaints = (node: PlacedNode, tolerations: readonly Toleration[] = []): boolean =>
  (node.spec?.taints ?? []).every((it) => it.effect === 'PreferNoSchedule' || isTolerated(it, tolerations));

const isTolerated = (
  taint: { readonly key: string; readonly effect: string },
  tolerations: readonly Toleration[],
): boolean => tolerations.some((toleration) => tolerates(toleration, taint));
