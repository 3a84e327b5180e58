import type {
  CreateManagedInstancesProviderConfiguration,
  InstanceLaunchTemplate,
  InstanceLaunchTemplateUpdate,
  InstanceRequirementsRequest,
  UpdateManagedInstancesProviderConfiguration,
} from '@aws-sdk/client-ecs';
import type { Reader } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { clientError, invalidParameter, unsupported } from '../errors.ts';
import { given } from '../given.ts';
import { requireAwsvpc } from '../network-configuration.ts';
import type { ManagedInstancesProviderRecord } from '../records.ts';
import { fittingTypes, typePattern } from './types.ts';

type TemplateRecord = ManagedInstancesProviderRecord['instanceLaunchTemplate'];
type Configuration =
  | CreateManagedInstancesProviderConfiguration
  | UpdateManagedInstancesProviderConfiguration;

const longestDelaySeconds = 3_600;

/**
 * A provider of Managed Instances as it is asked for, over what there is of it. What isn't built is refused by name.
 * @param current Undefined: it is being made.
 * @throws InvalidParameterException, ClientException no instance type is such; UnsupportedFeatureException
 */
export function readManagedProvider(
  reader: Reader,
  scope: Scope,
  input: Configuration,
  current?: ManagedInstancesProviderRecord,
): ManagedInstancesProviderRecord {
  if (input.autoRepairConfiguration?.actionsStatus === 'ENABLED')
    throw unsupported('Auto repair of Managed Instances (autoRepairConfiguration actionsStatus ENABLED)');
  const scaleInAfter = input.infrastructureOptimization
    ? input.infrastructureOptimization.scaleInAfter
    : current?.scaleInAfter;
  if (
    scaleInAfter !== undefined &&
    scaleInAfter !== null &&
    (!Number.isInteger(scaleInAfter) || scaleInAfter < -1 || scaleInAfter > longestDelaySeconds)
  )
    throw invalidParameter(`scaleInAfter must be between -1 and ${longestDelaySeconds}.`);
  return {
    infrastructureRoleArn: readArn('infrastructureRoleArn', 'role', input.infrastructureRoleArn),
    instanceLaunchTemplate: readTemplate(
      reader,
      scope,
      input.instanceLaunchTemplate ?? {},
      current?.instanceLaunchTemplate,
    ),
    propagateTags: oneOf(
      'propagateTags',
      ['CAPACITY_PROVIDER', 'NONE'],
      input.propagateTags,
      current?.propagateTags ?? 'NONE',
    ),
    ...given('scaleInAfter', scaleInAfter ?? undefined),
  };
}

function readArn(member: string, kind: 'role' | 'instance-profile', arn: string | undefined): string {
  if (arn === undefined || !new RegExp(`^arn:aws:iam::\\d{12}:${kind}/.+$`).test(arn))
    throw invalidParameter(`The specified ${member} is not valid. Specify a valid ARN and try again.`);
  return arn;
}

function readTemplate(
  reader: Reader,
  scope: Scope,
  input: Partial<InstanceLaunchTemplate> & InstanceLaunchTemplateUpdate,
  current: TemplateRecord | undefined,
): TemplateRecord {
  refuseUnbuilt(input);
  const { ec2InstanceProfileArn = current?.ec2InstanceProfileArn } = input;
  const network = input.networkConfiguration;
  const networkConfiguration =
    network === undefined && current !== undefined
      ? current.networkConfiguration
      : { subnets: network?.subnets ?? [], securityGroups: network?.securityGroups ?? [] };
  requireAwsvpc(reader, scope, networkConfiguration);
  const storageSizeGiB = input.storageConfiguration?.storageSizeGiB ?? current?.storageSizeGiB;
  if (storageSizeGiB !== undefined && (!Number.isInteger(storageSizeGiB) || storageSizeGiB < 1))
    throw invalidParameter('storageSizeGiB must be a whole number of at least 1.');
  const instanceRequirements = input.instanceRequirements ?? current?.instanceRequirements;
  if (instanceRequirements !== undefined) checkRequirements(instanceRequirements);
  return {
    ec2InstanceProfileArn: readArn('ec2InstanceProfileArn', 'instance-profile', ec2InstanceProfileArn),
    networkConfiguration,
    ...given('storageSizeGiB', storageSizeGiB),
    capacityOptionType: readCapacityOption(input.capacityOptionType, current),
    ...given('instanceRequirements', instanceRequirements),
  };
}

function refuseUnbuilt(input: Partial<InstanceLaunchTemplate> & InstanceLaunchTemplateUpdate): void {
  if (input.monitoring === 'DETAILED') throw unsupported('Detailed monitoring of Managed Instances');
  if (input.fipsEnabled) throw unsupported('fipsEnabled');
  if (input.capacityReservations) throw unsupported('The parameter capacityReservations');
  if (input.localStorageConfiguration?.useLocalStorage) throw unsupported('useLocalStorage');
}

function readCapacityOption(
  asked: string | undefined,
  current: TemplateRecord | undefined,
): TemplateRecord['capacityOptionType'] {
  if (asked === 'RESERVED') throw unsupported('The capacityOptionType RESERVED');
  return oneOf(
    'capacityOptionType',
    ['ON_DEMAND', 'SPOT'],
    asked,
    current?.capacityOptionType ?? 'ON_DEMAND',
  );
}

/** What of an instance type is not known here, and so can't be asked for. */
const unknownOfTypes = [
  ...['acceleratorCount', 'acceleratorManufacturers', 'acceleratorNames', 'acceleratorTotalMemoryMiB'],
  ...['acceleratorTypes', 'baselineEbsBandwidthMbps', 'localStorageTypes', 'networkBandwidthGbps'],
  ...['maxSpotPriceAsPercentageOfOptimalOnDemandPrice', 'onDemandMaxPricePercentageOverLowestPrice'],
  ...['requireHibernateSupport', 'spotMaxPricePercentageOverLowestPrice', 'totalLocalStorageGB'],
] as readonly (keyof InstanceRequirementsRequest)[];

const presences = ['included', 'excluded', 'required'] as const;

function checkRequirements(requirements: InstanceRequirementsRequest): void {
  for (const member of unknownOfTypes)
    if (requirements[member] !== undefined && requirements[member] !== false)
      throw unsupported(`The parameter instanceRequirements.${member}`);
  for (const member of ['vCpuCount', 'memoryMiB'] as const) {
    const { min, max } = requirements[member] ?? {};
    if (min === undefined) throw invalidParameter(`instanceRequirements.${member}.min is required.`);
    if (min < 0 || (max !== undefined && max < min))
      throw invalidParameter(`The range of instanceRequirements.${member} is not valid.`);
  }
  for (const member of ['bareMetal', 'burstablePerformance', 'localStorage'] as const)
    oneOf(member, presences, requirements[member], 'included');
  for (const member of ['allowedInstanceTypes', 'excludedInstanceTypes'] as const)
    for (const pattern of requirements[member] ?? [])
      if (!typePattern.test(pattern))
        throw invalidParameter(
          `The instance type ${pattern} in instanceRequirements.${member} is not valid.`,
        );
  if (requirements.allowedInstanceTypes && requirements.excludedInstanceTypes)
    throw invalidParameter(
      'Specify either allowedInstanceTypes or excludedInstanceTypes in instanceRequirements, but not both.',
    );
  if (fittingTypes(requirements).length === 0)
    throw clientError('No instance types match the specified instanceRequirements.');
}

function oneOf<Word extends string>(
  member: string,
  words: readonly Word[],
  asked: string | undefined,
  otherwise: Word,
): Word {
  if (asked === undefined) return otherwise;
  const found = words.find((word) => word === asked);
  if (found === undefined) throw invalidParameter(`${member} should be one of [${words.join(',')}].`);
  return found;
}
