/**
 * Amazon EKS: clusters, as they are wanted. The one idea to know: nothing here speaks Kubernetes. Operations write
 * records; a control plane in `src/kubernetes` follows them and tells where it answers, and a cluster is ACTIVE when it
 * does.
 *
 * Nodes of node groups are instances of EC2's: a machine has room for each, runs its kubelet and tells so by reports.
 *
 * Refused by name: Fargate profiles and whatever else `refused.ts` lists.
 */
import type { Reconciler } from '../../reconcile/index.ts';
import type { Service } from '../service.ts';
import type { EksContext } from './context.ts';

export type { AccessPolicyName } from './access-entries/access-policies.ts';
export { callerOf } from './access-entries/caller.ts';
export type { AccessEntryRecord, AccessScope } from './access-entries/record.ts';
export type { SwitchedFunction } from './addons/catalogue.ts';
export { canonicalArn, clusterArn } from './arn.ts';
export { forgetCluster } from './clusters/forget-cluster.ts';
export type { ControlPlane, EksContext } from './context.ts';
export { identityProviderOf, type OidcProvider } from './identity-providers/record.ts';
export { type NodegroupRecord, nodegroups, nodegroupsOf } from './nodegroups/record.ts';
export {
  instanceIdOfKey,
  kubernetesEffects,
  type NodeInstanceRecord,
  type NodeReportRecord,
  type NodeSightingRecord,
  type NodeTaint,
  nodegroupKeyOf,
  nodeInstanceKey,
  nodeInstances,
  nodeReportKey,
  nodeReports,
  nodeSightingKey,
  nodeSightings,
} from './nodes/record.ts';
export {
  type AssumedPodRole,
  assumeRoleForPodIdentity,
  type EksAuthContext,
} from './pod-identity/assume-role-for-pod.ts';
export { podIdentityOf } from './pod-identity/record.ts';
export {
  type ClusterRecord,
  clusterByPlace,
  clusterKey,
  clusters,
  hasFunction,
  scopeOfKey,
} from './records.ts';
export { finishUpdate } from './updates/update-of-cluster.ts';

export function createEks(context: EksContext): Service {
  return {
    signingName: 'eks',
    loadSdk: () => import('@aws-sdk/client-eks'),
    loadOperations: async () => (await import('./operations.ts')).eksOperations(context),
  };
}

export async function loadEksReconcilers(context: EksContext): Promise<readonly Reconciler[]> {
  const [{ nodeGroups }, { addonFunctions }] = await Promise.all([
    import('./reconcilers/node-groups.ts'),
    import('./reconcilers/addons.ts'),
  ]);
  return [nodeGroups(context), addonFunctions(context)];
}
