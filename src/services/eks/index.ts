/**
 * Amazon EKS: clusters, as they are wanted. The one idea to know: nothing here speaks Kubernetes. Operations write
 * records; a control plane in `src/kubernetes` follows them and tells where it answers, and a cluster is ACTIVE when it
 * does.
 *
 * Nodes of node groups are instances of EC2's: a machine has room for each, runs its kubelet and tells so by reports.
 *
 * Fargate profiles say which pods have a node of their own each, of the size that the pod asks for.
 *
 * Refused by name: what `refused.ts` lists.
 */
import type { Reconciler } from '../../reconcile/index.ts';
import type { Service } from '../service.ts';
import type { EksContext } from './context.ts';

export type { AccessPolicyName } from './access-entries/access-policies.ts';
export { callerOf } from './access-entries/caller.ts';
export type { AccessEntryRecord, AccessScope } from './access-entries/record.ts';
export type { SwitchedFunction } from './addons/catalogue.ts';
export { type AddonRecord, addons } from './addons/record.ts';
export { type VpcCniSettings, vpcCniSettings } from './addons/vpc-cni.ts';
export { canonicalArn, clusterArn } from './arn.ts';
export { encryptionContextOf } from './clusters/encryption.ts';
export { forgetCluster } from './clusters/forget-cluster.ts';
export type { ControlPlane, EksContext } from './context.ts';
export { activateFargateProfile, forgetFargateProfile } from './fargate/end-profile.ts';
export { profileFor, profileLabel } from './fargate/matching.ts';
export { computeType, endFargateNode, requestFargateNode } from './fargate/node.ts';
export {
  type FargateProfileRecord,
  fargateProfileKey,
  fargateProfiles,
  fargateProfilesOf,
} from './fargate/record.ts';
export { identityProviderOf, type OidcProvider } from './identity-providers/record.ts';
export { type NodegroupRecord, nodegroups, nodegroupsOf } from './nodegroups/record.ts';
export { endMachineNodes } from './nodes/end-machine-nodes.ts';
export { isCarriedBy } from './nodes/placement.ts';
export {
  type FargateInstance,
  instanceIdOfKey,
  instanceIdOfProvider,
  kubernetesEffects,
  type NodegroupInstance,
  type NodeInstanceRecord,
  type NodeReportRecord,
  type NodeSightingRecord,
  type NodeTaint,
  nodeInstanceKey,
  nodeInstances,
  nodeNameOf,
  nodeReportKey,
  nodeReports,
  nodeSightingKey,
  nodeSightings,
  ofNodegroup,
  podText,
  profileText,
  providerIdOf,
} from './nodes/record.ts';
export { nodeRoster, type RosteredNode } from './nodes/roster.ts';
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
  const [clusters, nodes, fargate, addons, insights] = await Promise.all([
    import('./reconcilers/cluster-interfaces.ts'),
    import('./reconcilers/node-groups.ts'),
    import('./reconcilers/fargate-nodes.ts'),
    import('./reconcilers/addons.ts'),
    import('./reconcilers/insights.ts'),
  ]);
  return [
    clusters.clusterInterfaces(context),
    nodes.nodeGroups(context),
    fargate.fargateNodes(context),
    addons.addonFunctions(context),
    insights.clusterInsights(context),
  ];
}
