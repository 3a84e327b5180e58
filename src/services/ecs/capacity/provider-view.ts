import type { CapacityProvider } from '@aws-sdk/client-ecs';
import { capacityProviderArn, type Scope } from '../arn.ts';
import { given } from '../given.ts';
import type { CapacityProviderRecord, ManagedInstancesProviderRecord } from '../records.ts';
import type { FargateProvider } from './providers.ts';

/** A provider as the API shows it. */
export function providerView(
  scope: Scope,
  record: CapacityProviderRecord,
  options: { readonly withTags: boolean },
): CapacityProvider {
  const { name, status, updateStatus, tags } = record;
  return {
    capacityProviderArn: capacityProviderArn(scope, name),
    ...{ name, status, updateStatus },
    ...('managedInstancesProvider' in record
      ? {
          ...{ type: 'MANAGED_INSTANCES', cluster: record.cluster },
          managedInstancesProvider: managedView(record.managedInstancesProvider),
        }
      : {
          type: 'EC2_AUTOSCALING',
          autoScalingGroupProvider: {
            ...record.autoScalingGroupProvider,
            managedScaling: { ...record.autoScalingGroupProvider.managedScaling },
          },
        }),
    tags: options.withTags ? tags.map((tag) => ({ ...tag })) : [],
  };
}

function managedView({
  instanceLaunchTemplate: template,
  ...provider
}: ManagedInstancesProviderRecord): NonNullable<CapacityProvider['managedInstancesProvider']> {
  const { infrastructureRoleArn, propagateTags, scaleInAfter } = provider;
  const { ec2InstanceProfileArn, capacityOptionType, instanceRequirements, storageSizeGiB } = template;
  const { subnets, securityGroups } = template.networkConfiguration;
  return {
    ...{ infrastructureRoleArn, propagateTags },
    instanceLaunchTemplate: {
      ...{ ec2InstanceProfileArn, capacityOptionType, monitoring: 'BASIC' },
      networkConfiguration: { subnets: [...subnets], securityGroups: [...securityGroups] },
      ...given('storageConfiguration', storageSizeGiB === undefined ? undefined : { storageSizeGiB }),
      ...given('instanceRequirements', instanceRequirements),
    },
    ...given('infrastructureOptimization', scaleInAfter === undefined ? undefined : { scaleInAfter }),
  };
}

export function fargateView(scope: Scope, name: FargateProvider): CapacityProvider {
  return {
    capacityProviderArn: capacityProviderArn(scope, name),
    name,
    status: 'ACTIVE',
    type: name,
    tags: [],
  };
}
