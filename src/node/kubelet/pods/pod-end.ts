import type { Pod, PodStatus } from '../objects/pod.ts';

/** How a pod that the node ends is told of: it has failed, for this reason. */
export interface PodEnd {
  readonly reason: string;
  readonly message: string;
  /** Less than its own. */
  readonly graceSeconds?: number;
  /** It is others that need its room, as its condition DisruptionTarget says. */
  readonly disruption?: string;
}

export const deadlineExceeded: PodEnd = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
};

export const preempted: PodEnd = {
  reason: 'Preempting',
  message: 'Preempted in order to admit critical pod',
  graceSeconds: 1,
  disruption: 'Pod was preempted by Kubelet to accommodate a critical pod.',
};

/** When a pod is to have ended by its own `activeDeadlineSeconds` (epoch ms). */
export function deadlineMs({ spec }: Pod, { startTime }: PodStatus): number | undefined {
  const startedAtMs = Date.parse(startTime ?? '');
  const { activeDeadlineSeconds } = spec;
  if (activeDeadlineSeconds === undefined || Number.isNaN(startedAtMs)) return undefined;
  return startedAtMs + activeDeadlineSeconds * 1_000;
}

/** How many seconds a pod's containers have to end; at least one. */
export function graceOf({ metadata, spec }: Pod, end: PodEnd | undefined): number {
  const grace = metadata.deletionTimestamp
    ? (metadata.deletionGracePeriodSeconds ?? 0)
    : (spec.terminationGracePeriodSeconds ?? 30);
  return Math.max(1, Math.min(grace, end?.graceSeconds ?? grace));
}
