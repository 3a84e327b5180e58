import type { FargateInstance, FargateProfileRecord, NodeSightingRecord } from '../../services/eks/index.ts';
import { nodeNameOf, profileFor } from '../../services/eks/index.ts';
import type { JsonObject } from '../objects/object.ts';
import type { PlacedPod } from '../scheduler/objects.ts';
import { fargatePodSize, type PodSize } from './pod-size.ts';
import { unsupportedOnFargate } from './unsupported.ts';

/** What becomes of a pod of Fargate's that has no node yet. */
export type Decision =
  /** It does not run on Fargate as it is. */
  | { readonly type: 'refuse'; readonly why: string; readonly mayChange: boolean }
  | ({ readonly type: 'request'; readonly profile: FargateProfileRecord } & PodSize)
  /** Of the node that was asked for nothing comes: it is tried with another. */
  | { readonly type: 'give-up'; readonly why: string }
  | { readonly type: 'wait'; readonly ms: number }
  | ({ readonly type: 'bind'; readonly nodeName: string } & PodSize);

export interface Known {
  readonly pod: PlacedPod;
  readonly profileName: string;
  readonly profile: FargateProfileRecord | undefined;
  /** That was asked for for the pod. */
  readonly node: FargateInstance | undefined;
  readonly sighting: NodeSightingRecord | undefined;
}

/** A node that is not ready by then is given up. */
const provisioningMs = 300_000;
const tooLarge =
  'Pod not supported on Fargate: it requests more CPU, memory or ephemeral storage than the largest configuration has';

/** Pure. @param now Epoch milliseconds. */
export function decideOnFargate({ pod, profileName, profile, node, sighting }: Known, now: number): Decision {
  const { namespace = '', name, labels = {} } = pod.metadata;
  const isThere = profile?.isActive && !profile.isDeleting;
  // Whoever makes a pod may say of which profile it is.
  if (!isThere || profileFor([profile], { namespace, labels }) === undefined) {
    const cause = isThere ? 'none of its selectors matches the pod' : 'it is not there';
    const why = `Misconfigured Fargate Profile: fargate profile ${profileName} blocked for new launches due to: ${cause}.`;
    return node === undefined ? { type: 'refuse', why, mayChange: true } : { type: 'give-up', why };
  }
  const spec = pod.spec as unknown as JsonObject;
  const why = unsupportedOnFargate(spec);
  if (why !== undefined) return { type: 'refuse', why, mayChange: false };
  const size = fargatePodSize(spec);
  if (size === undefined) return { type: 'refuse', why: tooLarge, mayChange: false };
  if (node === undefined) return { type: 'request', profile, ...size };
  if (node.problem !== undefined) return { type: 'give-up', why: node.problem };
  const nodeName = nodeNameOf(node);
  if (nodeName !== undefined && sighting?.isReady) return { type: 'bind', nodeName, ...size };
  const ms = node.createdAt + provisioningMs - now;
  if (ms > 0) return { type: 'wait', ms };
  return { type: 'give-up', why: `Pod provisioning timed out (will retry) for pod: ${namespace}/${name}` };
}
