import { type KubernetesObject, memberOf } from '../../../objects/object.ts';
import { violationsOf } from './checks.ts';
import { type Standard, standardText } from './policy.ts';

/** So many are looked at. */
const maxPods = 3_000;

/** What is to be said of the pods of a namespace that are not allowed by what it enforces from now on. */
export function podsWarnings(
  namespace: string,
  standard: Standard,
  pods: readonly KubernetesObject[],
): readonly string[] {
  const byReasons = new Map<string, string[]>();
  const looked = oneOfEachFirst(pods).slice(0, maxPods);
  for (const pod of looked) {
    const violations = violationsOf(standard, pod.metadata, memberOf(pod, 'spec'));
    if (violations.length === 0) continue;
    const reasons = violations.map(({ reason }) => reason).join(', ');
    byReasons.set(reasons, [...(byReasons.get(reasons) ?? []), pod.metadata.name]);
  }
  const told = [...byReasons].map(([reasons, names]) => {
    const others = names.length - 1;
    const more = others === 0 ? '' : ` (and ${others} other ${others === 1 ? 'pod' : 'pods'})`;
    return `${names.toSorted()[0]}${more}: ${reasons}`;
  });
  return [
    ...(looked.length < pods.length
      ? [
          `new PodSecurity enforce level only checked against the first ${looked.length} of ${pods.length} existing pods`,
        ]
      : []),
    ...(told.length > 0
      ? [
          `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${JSON.stringify(standardText(standard))}`,
        ]
      : []),
    ...told.toSorted(),
  ];
}

/** Pods of one controller are alike: of each the first goes before all others. */
function oneOfEachFirst(pods: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const controllers = new Set<string>();
  const [first, others]: [KubernetesObject[], KubernetesObject[]] = [[], []];
  for (const pod of pods) {
    const uid = pod.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
    if (uid !== undefined && controllers.has(uid)) others.push(pod);
    else first.push(pod);
    if (uid !== undefined) controllers.add(uid);
  }
  return [...first, ...others];
}
