import type { NetworkConfiguration } from '@aws-sdk/client-ecs';
import type { Refusal } from '../../protocols/index.ts';
import type { Reader } from '../../reconcile/index.ts';
import { type Awsvpc, readAwsvpc } from '../ec2/index.ts';
import type { Scope } from './arn.ts';
import { invalidParameter } from './errors.ts';
import type { LaunchedType, NetworkConfigurationRecord, StoredTaskDefinition } from './records.ts';

const maxSubnets = 16;
const maxSecurityGroups = 5;

/**
 * The network configuration of a task or service against its definition's network mode: awsvpc needs one, the
 * other modes must not have one. Its subnets and security groups are there, in one VPC.
 * @throws InvalidParameterException in AWS's words.
 */
export function readNetworkConfiguration(
  reader: Reader,
  scope: Scope,
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

  const { subnets = [], securityGroups = [] } = awsvpc;
  requireAwsvpc(reader, scope, { subnets, securityGroups });
  return { subnets, securityGroups, assignPublicIp: readAssignPublicIp(awsvpc.assignPublicIp) };
}

/** All of it is there, and in one VPC. @throws InvalidParameterException in AWS's words. */
export function requireAwsvpc(
  reader: Reader,
  scope: Scope,
  {
    subnets,
    securityGroups,
  }: { readonly subnets: readonly string[]; readonly securityGroups: readonly string[] },
): Extract<Awsvpc, { readonly type: 'found' }> {
  if (subnets.length === 0) throw invalidParameter('subnets can not be empty.');
  if (subnets.length > maxSubnets) throw invalidParameter(`subnets can have at most ${maxSubnets} items.`);
  if (securityGroups.length > maxSecurityGroups)
    throw invalidParameter(`securityGroups can have at most ${maxSecurityGroups} items.`);
  const found = readAwsvpc(reader, scope, { subnets, securityGroups });
  switch (found.type) {
    case 'found':
      return found;
    case 'subnet-missing':
      throw noSuch(
        'subnet',
        found.id,
        `The subnet ID '${found.id}' does not exist`,
        'InvalidSubnetID.NotFound',
      );
    case 'security-group-missing':
      throw noSuch(
        'security group',
        found.id,
        `The security group '${found.id}' does not exist`,
        'InvalidGroup.NotFound',
      );
    case 'several-vpcs':
      throw invalidParameter(
        found.of === 'subnets'
          ? 'The subnets must all belong to the same VPC.'
          : `Security group does not appear to belong to the same VPC as the input subnets: ${securityGroups.join(', ')}.`,
      );
  }
}

/** Public addresses are for Fargate's tasks. @throws InvalidParameterException */
export function requirePublicIpOnFargate(
  launchType: LaunchedType,
  network: NetworkConfigurationRecord | undefined,
): void {
  if (network?.assignPublicIp === 'ENABLED' && launchType !== 'FARGATE')
    throw invalidParameter('Assign public IP is not supported for this launch type.');
}

function readAssignPublicIp(asked = 'DISABLED'): NetworkConfigurationRecord['assignPublicIp'] {
  if (asked === 'ENABLED' || asked === 'DISABLED') return asked;
  throw invalidParameter('assignPublicIp should be one of [ENABLED,DISABLED].');
}

function noSuch(kind: string, id: string, why: string, code: string): Refusal {
  return invalidParameter(`Error retrieving ${kind} information for [${id}]: ${why} (ErrorCode: ${code})`);
}
