import type {
  CapacityProviderStrategyItem,
  ContainerDefinition,
  CreateManagedInstancesProviderConfiguration,
  NetworkConfiguration,
  ServiceConnectConfiguration,
  Tag,
  UpdateManagedInstancesProviderConfiguration,
  VpcLatticeConfiguration,
} from '@aws-sdk/client-ecs';
import { requestTagKeys } from '../../authorization-row.ts';
import type { ConditionKeys } from '../../service.ts';
import { parseTaskCpu, parseTaskMemory } from '../task-definition/task-size.ts';
import { capacityProviderResources, containerInstanceResources, taskResources } from './resources.ts';
import type { Keys } from './row.ts';

/**
 * Condition keys that tell what a request asks for. A request that makes something and does not say whether it has a
 * feature asks for none; one that changes something leaves it as it is, and then there is no key.
 */

/** `aws:RequestTag/…` and `aws:TagKeys`. */
export const requestTags = ({ tags = [] }: { readonly tags?: readonly Tag[] | undefined }): ConditionKeys =>
  requestTagKeys(Object.fromEntries(tags.map(({ key = '', value = '' }) => [key, value])));

export const tagKeys = ({
  tagKeys = [],
}: {
  readonly tagKeys?: readonly string[] | undefined;
}): ConditionKeys => ({
  'aws:TagKeys': tagKeys,
});

interface NamesProviders {
  readonly capacityProviders?: readonly string[] | undefined;
  readonly capacityProviderStrategy?: readonly CapacityProviderStrategyItem[] | undefined;
  readonly defaultCapacityProviderStrategy?: readonly CapacityProviderStrategyItem[] | undefined;
}

export const capacityProviders: Keys<NamesProviders> = (input, call) => {
  const strategies = [input.capacityProviderStrategy, input.defaultCapacityProviderStrategy];
  const ofStrategies = strategies.flatMap((items = []) =>
    items.map(({ capacityProvider }) => capacityProvider),
  );
  const named = new Set([...(input.capacityProviders ?? []), ...ofStrategies]);
  return { 'ecs:capacity-provider': named.size > 0 ? capacityProviderResources([...named], call) : [] };
};

export const containerInstances: Keys<{
  readonly cluster?: string | undefined;
  readonly containerInstances?: readonly string[] | undefined;
}> = ({ cluster, containerInstances = [] }, call) => ({
  'ecs:container-instances':
    containerInstances.length > 0 ? containerInstanceResources(cluster, containerInstances, call) : [],
});

/** Which task and which of its containers a command is for. */
export const execution: Keys<{
  readonly cluster?: string | undefined;
  readonly task: string | undefined;
  readonly container?: string | undefined;
}> = ({ cluster, task, container }, call) => ({
  'ecs:task': taskResources(cluster, [task], call)[0],
  'ecs:container-name': container,
});

export const accountSetting: Keys<{ readonly name?: string | undefined }> = ({ name }) => ({
  'ecs:account-setting': name,
});

interface Launch {
  readonly enableExecuteCommand?: boolean | undefined;
  readonly volumeConfigurations?: readonly { readonly managedEBSVolume?: object | undefined }[] | undefined;
}

/** Of RunTask and StartTask. */
export const launch: Keys<Launch> = (input) => ({
  'ecs:enable-execute-command': String(input.enableExecuteCommand ?? false),
  'ecs:enable-ebs-volumes': String(hasEbsVolume(input) ?? false),
});

interface ServiceSettings extends Launch {
  readonly enableECSManagedTags?: boolean | undefined;
  readonly propagateTags?: string | undefined;
  readonly networkConfiguration?: NetworkConfiguration | undefined;
  readonly serviceConnectConfiguration?: ServiceConnectConfiguration | undefined;
  readonly vpcLatticeConfigurations?: readonly VpcLatticeConfiguration[] | undefined;
}

/** Of UpdateService: what it changes. */
export const changedService: Keys<ServiceSettings> = (input) => {
  const { serviceConnectConfiguration: connect, vpcLatticeConfigurations: lattice } = input;
  const network = input.networkConfiguration?.awsvpcConfiguration;
  return {
    'ecs:enable-execute-command': text(input.enableExecuteCommand),
    'ecs:enable-ebs-volumes': text(hasEbsVolume(input)),
    'ecs:enable-ecs-managed-tags': text(input.enableECSManagedTags),
    'ecs:enable-service-connect': text(connect && (connect.enabled ?? false)),
    'ecs:enable-vpc-lattice': text(lattice && lattice.length > 0),
    'ecs:namespace': connect?.namespace,
    'ecs:propagate-tags': input.propagateTags,
    'ecs:auto-assign-public-ip': text(network && network.assignPublicIp === 'ENABLED'),
    'ecs:subnet': network?.subnets,
  };
};

/** Of ListServicesByNamespace. */
export const namespace: Keys<{ readonly namespace: string | undefined }> = (input) => ({
  'ecs:namespace': input.namespace,
});

/** Of CreateService. */
export const newService: Keys<ServiceSettings> = (input, ...rest) =>
  changedService(
    {
      ...input,
      enableExecuteCommand: input.enableExecuteCommand ?? false,
      volumeConfigurations: input.volumeConfigurations ?? [],
      enableECSManagedTags: input.enableECSManagedTags ?? false,
      serviceConnectConfiguration: input.serviceConnectConfiguration ?? { enabled: false },
      vpcLatticeConfigurations: input.vpcLatticeConfigurations ?? [],
      propagateTags: input.propagateTags ?? 'NONE',
    },
    ...rest,
  );

/** Of RegisterTaskDefinition. */
export const definition: Keys<{
  readonly cpu?: string | undefined;
  readonly memory?: string | undefined;
  readonly requiresCompatibilities?: readonly string[] | undefined;
  readonly containerDefinitions: readonly ContainerDefinition[] | undefined;
}> = ({ cpu, memory, requiresCompatibilities, containerDefinitions = [] }) => ({
  'ecs:task-cpu': cpu && parseTaskCpu(cpu),
  'ecs:task-memory': memory && parseTaskMemory(memory),
  'ecs:compute-compatibility': requiresCompatibilities,
  'ecs:privileged': String(containerDefinitions.some(({ privileged }) => privileged === true)),
});

/** Of providers of Managed Instances. */
export const managedInstances: Keys<{
  readonly managedInstancesProvider?:
    | CreateManagedInstancesProviderConfiguration
    | UpdateManagedInstancesProviderConfiguration
    | undefined;
}> = ({ managedInstancesProvider: provider }) => ({
  'ecs:propagate-tags': provider?.propagateTags,
  'ecs:instance-metadata-tags-propagation': text(
    provider?.instanceLaunchTemplate?.instanceMetadataTagsPropagation,
  ),
});

export const ephemeralStorage: Keys<{
  readonly configuration?:
    | { managedStorageConfiguration?: { fargateEphemeralStorageKmsKeyId?: string | undefined } | undefined }
    | undefined;
}> = ({ configuration }) => ({
  'ecs:fargate-ephemeral-storage-kms-key':
    configuration?.managedStorageConfiguration?.fargateEphemeralStorageKmsKeyId,
});

/** Undefined where the request does not speak of volumes. */
function hasEbsVolume({ volumeConfigurations }: Launch): boolean | undefined {
  return volumeConfigurations?.some(({ managedEBSVolume }) => managedEBSVolume !== undefined);
}

const text = (value: boolean | undefined): string | undefined =>
  value === undefined ? undefined : String(value);
