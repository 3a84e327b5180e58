import type { Reader } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { capacityProviderKey, clusterOfProvider } from '../capacity/providers.ts';
import { clientError } from '../errors.ts';
import { attributesOf } from '../placement/instance.ts';
import {
  type ContainerInstanceRecord,
  capacityProviders,
  type InstanceAttribute,
  type ManagedInstanceRecord,
  managedInstanceKey,
  managedInstances,
} from '../records.ts';

/**
 * An instance that registers, with what ECS knows of it by itself where ECS has launched it.
 * @throws ClientException it is on its way out, or another cluster's; or claims a provider that has not launched it.
 */
export function asManagedInstance(
  reader: Reader,
  scope: Scope,
  instance: ContainerInstanceRecord,
): ContainerInstanceRecord {
  const id = instance.ec2InstanceId;
  const managed = id === undefined ? undefined : reader.get(managedInstances, managedInstanceKey(scope, id));
  if (managed === undefined) {
    const { capacityProviderName: claimed } = instance;
    if (claimed !== undefined && clusterOfProvider(reader, scope, claimed) !== undefined)
      throw clientError(`The capacity provider ${claimed} launches its instances itself.`);
    return instance;
  }
  if (managed.isEnding || managed.launchedAt === undefined || managed.cluster !== instance.cluster)
    throw clientError(
      `The Managed Instance ${managed.instanceId} is none of the cluster ${instance.cluster}.`,
    );
  const provider = reader.get(capacityProviders, capacityProviderKey(scope, managed.capacityProvider));
  const isTagged =
    provider !== undefined &&
    'managedInstancesProvider' in provider &&
    provider.managedInstancesProvider.propagateTags === 'CAPACITY_PROVIDER';
  const known = launchedAttributes(managed);
  const own = [...attributesOf(instance)].filter(([name]) => !known.some((each) => each.name === name));
  return {
    ...instance,
    ...{ isManaged: true, capacityProviderName: managed.capacityProvider },
    ...(managed.daemons === undefined && instance.status === 'ACTIVE' && { status: 'REGISTERING' }),
    attributes: [...own.map(([name, value]) => (value === undefined ? { name } : { name, value })), ...known],
    ...(isTagged && instance.tags.length === 0 && { tags: provider.tags }),
  };
}

/** What ECS shows as attributes of an instance that it has launched. */
export function launchedAttributes({
  instanceType,
  availabilityZone,
  subnetId,
  vpcId,
}: Pick<
  ManagedInstanceRecord,
  'availabilityZone' | 'instanceType' | 'subnetId' | 'vpcId'
>): InstanceAttribute[] {
  return [
    { name: 'ecs.availability-zone', value: availabilityZone },
    { name: 'ecs.instance-type', value: instanceType },
    ...(subnetId === undefined ? [] : [{ name: 'ecs.subnet-id', value: subnetId }]),
    ...(vpcId === undefined ? [] : [{ name: 'ecs.vpc-id', value: vpcId }]),
  ];
}
