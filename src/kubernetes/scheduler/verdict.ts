/** The rules that keep pods from nodes, as upstream names its plugins. */
export type Plugin =
  | 'InterPodAffinity'
  | 'NodeAffinity'
  | 'NodePorts'
  | 'NodeResourcesFit'
  | 'NodeUnschedulable'
  | 'NodeVolumeLimits'
  | 'PodTopologySpread'
  | 'TaintToleration'
  | 'VolumeBinding'
  | 'VolumeRestrictions'
  | 'VolumeZone';

/** Why a pod can't be on a node. */
export interface Verdict {
  readonly plugin: Plugin;
  /** In upstream's words, each counted by itself. */
  readonly reasons: readonly string[];
  /** Nothing would be won by taking other pods off the node. */
  readonly isFinal: boolean;
}

export const refusal = (plugin: Plugin, reason: string, isFinal = false): Verdict => ({
  ...{ plugin, reasons: [reason], isFinal },
});
