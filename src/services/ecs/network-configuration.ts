import type { NetworkConfiguration } from '@aws-sdk/client-ecs';
import type { PrivateNetworkPlan } from './context.ts';
import { invalidParameter } from './errors.ts';
import type { NetworkConfigurationRecord, StoredTaskDefinition } from './records.ts';

const maxSubnets = 16;
const maxSecurityGroups = 5;

/**
 * The network configuration of a task or service against its definition's network mode: awsvpc needs one, the
 * other modes must not have one. There is one subnet and one, open, security group to name.
 * @throws InvalidParameterException in AWS's words.
 */
export function readNetworkConfiguration(
  network: PrivateNetworkPlan,
  definition: StoredTaskDefinition,
  configuration: NetworkConfiguration | undefined,
): NetworkConfigurationRecord | undefined {
  const awsvpc = configuration?.awsvpcConfiguration;
  if (definition.networkMode !== 'awsvpc') {
    if (awsvpc !== undefined)
      throw invalidParameter(
        'Network Configuration is not valid for the given networkMode of this task definition.',
      );
    return undefined;
  }
  if (awsvpc === undefined)
    throw invalidParameter("Network Configuration must be provided when networkMode 'awsvpc' is specified.");

  const subnets = awsvpc.subnets ?? [];
  const securityGroups = awsvpc.securityGroups ?? [];
  if (subnets.length === 0) throw invalidParameter('subnets can not be empty.');
  if (subnets.length > maxSubnets) throw invalidParameter(`subnets can have at most ${maxSubnets} items.`);
  if (securityGroups.length > maxSecurityGroups)
    throw invalidParameter(`securityGroups can have at most ${maxSecurityGroups} items.`);
  for (const subnet of subnets) {
    if (subnet !== network.subnetId)
      throw invalidParameter(
        `Error retrieving subnet information for [${subnet}]: The subnet ID '${subnet}' does not exist (ErrorCode: InvalidSubnetID.NotFound)`,
      );
  }
  for (const group of securityGroups) {
    if (group !== network.securityGroupId)
      throw invalidParameter(
        `Error retrieving security group information for [${group}]: The security group '${group}' does not exist (ErrorCode: InvalidGroup.NotFound)`,
      );
  }
  switch (awsvpc.assignPublicIp) {
    case undefined:
    case 'DISABLED':
      break;
    case 'ENABLED':
      throw invalidParameter('Assign public IP is not supported for this launch type.');
    default:
      throw invalidParameter('assignPublicIp should be one of [ENABLED,DISABLED].');
  }
  return { subnets, securityGroups, assignPublicIp: 'DISABLED' };
}
