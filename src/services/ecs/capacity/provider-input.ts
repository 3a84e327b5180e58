import type { AutoScalingGroupProvider, AutoScalingGroupProviderUpdate } from '@aws-sdk/client-ecs';
import { isName } from '../arn.ts';
import { invalidParameter, unsupported } from '../errors.ts';
import type { AutoScalingGroupProviderRecord } from '../records.ts';

/** @throws InvalidParameterException the name breaks the rules, or is of those that AWS keeps for itself. */
export function readProviderName(name: string | undefined): string {
  if (name === undefined || !isName(name))
    throw invalidParameter(
      'Capacity provider names can have up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens.',
    );
  if (/^(aws|ecs|fargate)/i.test(name))
    throw invalidParameter(
      `The capacity provider name ${name} is invalid: it cannot be prefixed with aws, ecs, or fargate.`,
    );
  return name;
}

/** A group's name, or its ARN (Amazon EC2 Auto Scaling, "Resource types defined by Amazon EC2 Auto Scaling"). */
const groupArn =
  /^arn:aws:autoscaling:[a-z0-9-]+:\d{12}:autoScalingGroup:[0-9a-f-]+:autoScalingGroupName\/.+$/;
const maxGroupNameLength = 255;

export function readAutoScalingGroup(identifier: string | undefined): string {
  const isGroup =
    identifier !== undefined &&
    (identifier.startsWith('arn:')
      ? groupArn.test(identifier)
      : /^[^:\s]+$/.test(identifier) && identifier.length <= maxGroupNameLength);
  if (!isGroup)
    throw invalidParameter(
      'The specified Auto Scaling group ARN is not valid. Specify a valid ARN and try again.',
    );
  return identifier;
}

type ManagedScalingRecord = AutoScalingGroupProviderRecord['managedScaling'];

const unmanaged: ManagedScalingRecord = {
  status: 'DISABLED',
  targetCapacity: 100,
  minimumScalingStepSize: 1,
  maximumScalingStepSize: 10_000,
  instanceWarmupPeriod: 300,
};

/**
 * How the group is managed: what is given over what there is. Scaling, draining and protecting instances is the
 * work of Auto Scaling, which isn't built: turned on, each is refused by name.
 * @throws InvalidParameterException, UnsupportedFeatureException
 */
export function readGroupManagement(
  input: AutoScalingGroupProvider | AutoScalingGroupProviderUpdate,
  current: ManagedScalingRecord = unmanaged,
): Omit<AutoScalingGroupProviderRecord, 'autoScalingGroupArn'> {
  const { managedScaling = {} } = input;
  const isScaled = oneOfSwitch('managedScaling status', managedScaling.status);
  const isProtected = oneOfSwitch('managedTerminationProtection', input.managedTerminationProtection);
  const isDrained = oneOfSwitch('managedDraining', input.managedDraining);
  if (isProtected && !isScaled)
    throw invalidParameter(
      'The managed termination protection setting for the capacity provider is invalid. To enable managed termination protection for a capacity provider, managed scaling must be enabled.',
    );
  const read = {
    status: 'DISABLED' as const,
    targetCapacity: inRange('targetCapacity', managedScaling.targetCapacity, 1, 100, current.targetCapacity),
    minimumScalingStepSize: inRange(
      'minimumScalingStepSize',
      managedScaling.minimumScalingStepSize,
      1,
      10_000,
      current.minimumScalingStepSize,
    ),
    maximumScalingStepSize: inRange(
      'maximumScalingStepSize',
      managedScaling.maximumScalingStepSize,
      1,
      10_000,
      current.maximumScalingStepSize,
    ),
    instanceWarmupPeriod: inRange(
      'instanceWarmupPeriod',
      managedScaling.instanceWarmupPeriod,
      0,
      10_000,
      current.instanceWarmupPeriod,
    ),
  };
  if (read.minimumScalingStepSize > read.maximumScalingStepSize)
    throw invalidParameter('minimumScalingStepSize cannot be greater than maximumScalingStepSize.');
  if (isScaled) throw unsupported('Managed scaling of a capacity provider (managedScaling status ENABLED)');
  if (isDrained) throw unsupported('Managed instance draining (managedDraining ENABLED)');
  return {
    managedScaling: read,
    managedTerminationProtection: 'DISABLED',
    managedDraining: 'DISABLED',
  };
}

function oneOfSwitch(member: string, value: string | undefined): boolean {
  if (value === undefined || value === 'DISABLED') return false;
  if (value === 'ENABLED') return true;
  throw invalidParameter(`${member} should be one of [ENABLED,DISABLED].`);
}

function inRange(
  member: string,
  value: number | undefined,
  least: number,
  most: number,
  otherwise: number,
): number {
  if (value === undefined) return otherwise;
  if (!Number.isInteger(value) || value < least || value > most)
    throw invalidParameter(`${member} must be between ${least} and ${most}.`);
  return value;
}
