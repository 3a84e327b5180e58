/**
 * Amazon EC2, as far as networks go: VPCs, subnets, routes, gateways, security groups, network interfaces, addresses.
 * The one idea to know: nothing here touches a network. Operations write records, `topology.ts` makes of them what a
 * VPC is like as plain data, and whoever carries packets makes the machine so.
 *
 * Its instances are the machines of the installation, made and ended by ECS's registration of them, and the nodes of
 * EKS's node groups, which are slices of machines with an instance type and a place in a VPC.
 *
 * Refused by name: IPv6, whatever joins VPCs to something else, making instances and what they are made of (`refused/`).
 */
import type { Reconciler } from '../../reconcile/index.ts';
import type { Service } from '../service.ts';
import type { Ec2Context } from './context.ts';
import type { Scope } from './records.ts';
import { ensureDefaultVpc } from './vpcs/default-vpc.ts';

export { availableAddressCount } from './addresses/ipam.ts';
export type { Ec2Context } from './context.ts';
export { noteAttachments } from './for-services/attachment-reports.ts';
export { type Awsvpc, readAwsvpc } from './for-services/awsvpc.ts';
export {
  attachTrunk,
  createBranch,
  groupsOfInstance,
  type NodeInterfaceResult,
  trunkOf,
} from './for-services/branch-interface.ts';
export { defaultSecurityGroupId } from './for-services/default-security-group.ts';
export { type DefaultVpc, defaultVpc } from './for-services/default-vpc.ts';
export { hasVpc } from './for-services/has-vpc.ts';
export { findInstance, registerInstance, terminateInstance } from './for-services/instance.ts';
export {
  type LaunchedInstance,
  type LaunchRequest,
  type LaunchResult,
  launchNode,
  nodeDnsName,
} from './for-services/node-instance.ts';
export { isPublicSubnet } from './for-services/public-subnet.ts';
export { ensureServiceGroup, removeServiceGroup } from './for-services/service-group.ts';
export {
  createServiceInterface,
  deleteServiceInterface,
  giveElasticAddress,
  moveServiceInterface,
  readServiceInterface,
} from './for-services/service-interface.ts';
export { type VpcFacts, vpcFacts } from './for-services/vpc-facts.ts';
export {
  allTypes,
  type InstanceType,
  instanceType,
  maxPodsOf,
  shareOf,
} from './instance-types/instance-types.ts';
export {
  type DescribedVpc,
  type NetworkSource,
  networkCollections,
  networkSource,
} from './network-source.ts';
export type { SubnetRecord } from './records.ts';

export interface Ec2 {
  readonly service: Service;
  /** Makes the VPC that an account has in a region from the beginning, unless it was made before. */
  readonly ensureDefaultVpc: (scope: Scope) => Promise<void>;
  loadReconcilers(): Promise<readonly Reconciler[]>;
}

export function createEc2(context: Ec2Context): Ec2 {
  return {
    service: {
      signingName: 'ec2',
      loadSdk: () => import('@aws-sdk/client-ec2'),
      loadOperations: async () => (await import('./operations.ts')).ec2Operations(context),
    },
    ensureDefaultVpc: (scope) => ensureDefaultVpc(context, scope, context.clock.now()),
    loadReconcilers: async () => {
      const { natGatewayLifecycle } = await import('./reconcilers/nat-gateway-lifecycle.ts');
      const { instanceRetention } = await import('./reconcilers/instance-retention.ts');
      return [natGatewayLifecycle(context), instanceRetention(context)];
    },
  };
}
