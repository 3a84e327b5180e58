import { isSelected, type Node, type Placement, type Toleration, toleratesAll } from '../node-fit.ts';
import type { PodTemplate } from '../objects.ts';
import { type NewPod, podOf } from '../pod-control.ts';
import { type DaemonSet, hashLabel } from './objects.ts';

/** Daemons stay on nodes that others have to leave. */
function tolerationsOf({ hostNetwork, tolerations = [] }: Placement): readonly Toleration[] {
  const on = (condition: string, effect: string): Toleration => ({
    ...{ key: `node.kubernetes.io/${condition}`, operator: 'Exists', effect },
  });
  const own = [
    ...[on('not-ready', 'NoExecute'), on('unreachable', 'NoExecute')],
    ...[on('disk-pressure', 'NoSchedule'), on('memory-pressure', 'NoSchedule')],
    ...[on('pid-pressure', 'NoSchedule'), on('unschedulable', 'NoSchedule')],
    ...(hostNetwork === true ? [on('network-unavailable', 'NoSchedule')] : []),
  ];
  const isGiven = (added: Toleration): boolean =>
    tolerations.some(({ key, effect }) => key === added.key && effect === added.effect);
  return [...tolerations, ...own.filter((added) => !isGiven(added))];
}

/** Whether a daemon is to begin on a node, and whether one that is there may stay. */
export function eligibility(
  { spec }: DaemonSet,
  node: Node,
): { readonly runs: boolean; readonly stays: boolean } {
  const placement: Placement = spec.template.spec;
  const { nodeName = '' } = placement;
  const isMeant = nodeName === '' || nodeName === node.metadata.name;
  if (!isMeant || !isSelected(node, placement)) return { runs: false, stays: false };
  const tolerations = tolerationsOf(placement);
  const stays = toleratesAll(node, tolerations, ['NoExecute']);
  return { runs: stays && toleratesAll(node, tolerations, ['NoSchedule', 'NoExecute']), stays };
}

/** The pod of a node: the scheduler may put it nowhere else. */
export function daemonPod(daemonSet: DaemonSet, nodeName: string, hash: string): NewPod {
  const { template } = daemonSet.spec;
  const placement: Placement = template.spec;
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [nodeName] }];
  const given =
    placement.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const terms = given === undefined ? [{ matchFields }] : given.map((term) => ({ ...term, matchFields }));
  const generation = daemonSet.metadata.annotations?.['deprecated.daemonset.template.generation'];
  const made: PodTemplate = {
    metadata: {
      ...template.metadata,
      labels: {
        ...template.metadata?.labels,
        ...{ [hashLabel]: hash, 'pod-template-generation': generation ?? '1' },
      },
    },
    spec: {
      ...template.spec,
      tolerations: tolerationsOf(placement),
      affinity: {
        ...placement.affinity,
        nodeAffinity: {
          ...placement.affinity?.nodeAffinity,
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
        },
      },
    },
  };
  return podOf(made, daemonSet);
}
