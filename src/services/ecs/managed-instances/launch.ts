import { hash } from 'node:crypto';
import { hex } from '../../../clock/index.ts';
import type { Transaction } from '../../../reconcile/index.ts';
import { instanceType, launchNode, shareOf } from '../../ec2/index.ts';
import type { Scope } from '../arn.ts';
import { capacityProviderArn } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { given } from '../given.ts';
import {
  type ManagedInstanceRecord,
  type ManagedProviderRecord,
  managedInstanceKey,
  managedInstances,
} from '../records.ts';
import type { Offer } from './capacity-ground.ts';

/** Wants an instance: its machine says whether it has room. */
export function wantInstance(
  tx: Transaction,
  { random }: EcsContext,
  scope: Scope,
  { name, cluster, managedInstancesProvider }: ManagedProviderRecord,
  offer: Offer,
  now: number,
): void {
  const type = instanceType(offer.type.name);
  if (type === undefined) throw new Error(`${offer.type.name} was chosen, and is not known`);
  const instanceId = `i-${hex(random, 17)}`;
  const { capacityOptionType, storageSizeGiB } = managedInstancesProvider.instanceLaunchTemplate;
  const wanted: ManagedInstanceRecord = {
    ...{ instanceId, cluster, capacityProvider: name, instanceType: type.name, share: shareOf(type) },
    ...{ isSpot: capacityOptionType === 'SPOT', availabilityZone: offer.zone, createdAt: now },
    ...given('storageSizeGiB', storageSizeGiB),
  };
  tx.put(managedInstances, managedInstanceKey(scope, instanceId), wanted);
}

/**
 * Has EC2 launch an instance that its machine has room for, in its zone, with the provider's infrastructure role.
 * @param subnetIds The provider's in that zone. @param portsAddress See `LaunchRequest`.
 * @returns the instance as it is then; else what is in the way, in a sentence.
 */
export function launchInstance(
  tx: Transaction,
  ecs: EcsContext,
  scope: Scope,
  provider: ManagedProviderRecord,
  instance: ManagedInstanceRecord,
  where: { readonly subnetIds: readonly string[]; readonly vpcId: string; readonly portsAddress: string },
  now: number,
): ManagedInstanceRecord | string {
  const { managedInstancesProvider: asked, cluster, name } = provider;
  const { ec2InstanceProfileArn } = asked.instanceLaunchTemplate;
  const instanceRole = ecs.roleOfInstanceProfile(tx, ec2InstanceProfileArn);
  if (instanceRole === undefined)
    return `Value (${ec2InstanceProfileArn}) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN.`;
  const obstacle = launchObstacle(ecs, scope, { ...asked, instanceRole }, instance);
  if (obstacle !== undefined) return obstacle;
  const isTagged = asked.propagateTags === 'CAPACITY_PROVIDER';
  const tags = {
    ...Object.fromEntries(isTagged ? provider.tags.map(({ key = '', value = '' }) => [key, value]) : []),
    ...{ AmazonECSManaged: 'true', 'aws:ecs:clusterName': cluster },
    'aws:ecs:capacityProviderArn': capacityProviderArn(scope, name),
  };
  const { architecture = 'x86_64' } = instanceType(instance.instanceType) ?? {};
  const result = launchNode(tx, ecs, scope, {
    ...{ id: instance.instanceId, instanceType: instance.instanceType, isSpot: instance.isSpot },
    ...{ imageId: imageId(architecture), architecture, tags, interfaceTags: tags, now },
    ...{ subnetIds: where.subnetIds, portsAddress: where.portsAddress },
    securityGroupIds: asked.instanceLaunchTemplate.networkConfiguration.securityGroups,
  });
  switch (result.type) {
    case 'launched': {
      const { subnetId, availabilityZone } = result.instance;
      return { ...instance, launchedAt: now, subnetId, availabilityZone, vpcId: where.vpcId };
    }
    case 'no-free-address':
      return `No address is free in the subnets ${where.subnetIds.join(', ')}.`;
    case 'no-public-address':
      return `The subnets give public addresses to instances, and none is free (${ecs.publicCidr}).`;
    case 'security-group-missing':
      return `The security group '${result.id}' does not exist any more.`;
    case 'subnet-missing':
      return `The subnet ID '${result.id}' does not exist any more.`;
    case 'too-many-interfaces':
      return 'The maximum number of network interfaces has been reached.';
  }
}

/** What the infrastructure role may not do of it: launch the instance, and hand it the role of its profile, as AWS's policy for it allows. */
function launchObstacle(
  ecs: Pick<EcsContext, 'infrastructureRoleObstacle'>,
  scope: Scope,
  { infrastructureRoleArn: roleArn, instanceRole }: { infrastructureRoleArn: string; instanceRole: string },
  { instanceId, instanceType }: ManagedInstanceRecord,
): string | undefined {
  return (
    ecs.infrastructureRoleObstacle(scope, {
      ...{ roleArn, action: 'ec2:RunInstances' },
      resource: `arn:aws:ec2:${scope.region}:${scope.accountId}:instance/${instanceId}`,
      conditions: {
        'aws:RequestTag/AmazonECSManaged': 'true',
        'ec2:ManagedResourceOperator': 'ecs.amazonaws.com',
        'ec2:InstanceType': instanceType,
      },
    }) ??
    ecs.infrastructureRoleObstacle(scope, {
      ...{ roleArn, action: 'iam:PassRole', resource: instanceRole },
      conditions: { 'iam:PassedToService': 'ec2.amazonaws.com' },
    })
  );
}

/** What stands for the image that the instances are of, which nobody can look into. */
const imageId = (architecture: string): string =>
  `ami-${hash('sha256', `ecs-managed-instances ${architecture}`, 'hex').slice(0, 17)}`;
