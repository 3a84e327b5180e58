import type { Reader } from '../../reconcile/index.ts';
import { pods, siblingKey } from '../controllers/collections.ts';
import type { TargetRef } from '../controllers/endpoints/objects.ts';
import { conditionOf, type Pod } from '../controllers/objects.ts';
import { isTerminating } from '../controllers/pods.ts';

const prefix = 'target-health.elbv2.k8s.aws/';

/** The condition of a pod that says its health in a target group, by the group's name. */
export const gateOf = (targetGroupName: string): string => `${prefix}${targetGroupName}`;

/** Whether load balancers are to say that a pod is well, whose containers are. */
export const waitsForTargets = (pod: Pod): boolean =>
  gates(pod).length > 0 && conditionOf(pod.status, 'ContainersReady')?.status === 'True';

/**
 * The pod behind an endpoint that is to be Ready when it is healthy in a target group; undefined: it is so already, or does
 * not wait for that.
 */
export function waitingPod(
  reader: Reader,
  serviceKey: string,
  { kind, name = '', uid }: TargetRef,
  targetGroupName: string,
): Pod | undefined {
  const pod = kind === 'Pod' ? reader.get(pods, siblingKey(serviceKey, pods, name)) : undefined;
  if (pod === undefined || pod.metadata.uid !== uid || isTerminating(pod)) return undefined;
  const gate = gateOf(targetGroupName);
  const isWaiting = waitsForTargets(pod) && gates(pod).includes(gate);
  return isWaiting && conditionOf(pod.status, gate)?.status !== 'True' ? pod : undefined;
}

function gates({ spec }: Pod): readonly string[] {
  const all = (spec.readinessGates ?? []) as readonly { readonly conditionType: string }[];
  return all.map(({ conditionType }) => conditionType).filter((type) => type.startsWith(prefix));
}
