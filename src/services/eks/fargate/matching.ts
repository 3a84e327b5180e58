import { matchesPattern } from '../../../balancing/index.ts';
import type { FargateProfileRecord, PodSelector } from './record.ts';

/** What of a pod decides whether it runs on Fargate. */
export interface MatchedPod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The label by which a pod says, or is told, of which profile it is. */
export const profileLabel = 'eks.amazonaws.com/fargate-profile';

/**
 * The profile that a new pod runs by: the one that it names, where that one has it, else the first by name that has it
 * ("Define which Pods use AWS Fargate when launched", EKS user guide). Undefined: none.
 * @param profiles In the order of their names.
 */
export function profileFor(
  profiles: readonly FargateProfileRecord[],
  pod: MatchedPod,
): FargateProfileRecord | undefined {
  const named = pod.labels[profileLabel];
  return profiles.find(
    ({ name, isActive, isDeleting, selectors }) =>
      isActive &&
      !isDeleting &&
      (named === undefined || named === name) &&
      selectors.some((selector) => selects(selector, pod)),
  );
}

const selects = ({ namespace, labels }: PodSelector, pod: MatchedPod): boolean =>
  matchesPattern(namespace, pod.namespace) &&
  Object.entries(labels).every(([key, value]) =>
    Object.entries(pod.labels).some(([its, says]) => matchesPattern(key, its) && matchesPattern(value, says)),
  );
