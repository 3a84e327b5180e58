import type {
  DeploymentConfiguration,
  LoadBalancer,
  Tag,
  TaskOverride,
  VpcLatticeConfiguration,
} from '@aws-sdk/client-ecs';
import type { Reader } from '../../../reconcile/index.ts';
import { passRoles } from '../../authorization-row.ts';
import type { Call } from '../../service.ts';
import { type DefinitionInput, saysDefinition } from '../express/express-input.ts';
import { findExpressService } from '../express/express-lookup.ts';
import { taskDefinitions } from '../records.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import { requestTags } from './request-keys.ts';
import { clusterResource } from './resources.ts';
import type { Asks } from './row.ts';
import { type NamesDefinition, namedDefinition } from './task-definition-keys.ts';

/**
 * What requests ask for besides their own action (Service Authorization Reference, "API operations defined by Amazon
 * ECS"). Roles that tasks get are passed to `ecs-tasks.amazonaws.com`, those that ECS itself takes to
 * `ecs.amazonaws.com`.
 */

/**
 * Tags on something new: `ecs:TagResource` on it, with `ecs:CreateAction` (ECS developer guide, "Grant permission to
 * tag resources on creation"). For every account since 29 March 2024, whatever its settings.
 * @param created The ARN that it will have; `*` for the id that nobody knows yet.
 */
export function tagOnCreate<Input extends { readonly tags?: readonly Tag[] | undefined }>(
  action: string,
  created: (input: Input, call: Call) => string | undefined,
): Asks<Input> {
  return (input, call) => {
    const resource = created(input, call);
    if (!input.tags?.length || resource === undefined) return [];
    const conditions = { ...requestTags(input), 'ecs:CreateAction': action };
    return [{ action: 'ecs:TagResource', resource, conditions }];
  };
}

interface TaskRoles {
  readonly taskRoleArn?: string | undefined;
  readonly executionRoleArn?: string | undefined;
}

/** The roles in a task definition that is registered. */
export const passDefinedRoles: Asks<TaskRoles> = ({ taskRoleArn, executionRoleArn }, call) =>
  passRoles([taskRoleArn, executionRoleArn], 'ecs-tasks.amazonaws.com', call);

/** The roles that launched tasks get: the task definition's, unless they are overridden. */
export function passLaunchedRoles(
  reader: Reader,
): Asks<NamesDefinition & { readonly overrides?: TaskOverride | undefined }> {
  return (input, call) => {
    const { definition } = namedDefinition(reader, input, call) ?? {};
    const { overrides } = input;
    return passDefinedRoles(
      {
        taskRoleArn: overrides?.taskRoleArn ?? definition?.taskRoleArn,
        executionRoleArn: overrides?.executionRoleArn ?? definition?.executionRoleArn,
      },
      call,
    );
  };
}

/** The roles with which ECS makes what a task or a service needs: volumes, targets, hooks. */
export const passInfrastructureRoles: Asks<{
  readonly role?: string | undefined;
  readonly volumeConfigurations?:
    | readonly { readonly managedEBSVolume?: { roleArn: string | undefined } | undefined }[]
    | undefined;
  readonly vpcLatticeConfigurations?: readonly VpcLatticeConfiguration[] | undefined;
  readonly loadBalancers?: readonly LoadBalancer[] | undefined;
  readonly deploymentConfiguration?: DeploymentConfiguration | undefined;
}> = (input, call) =>
  passRoles(
    [
      input.role,
      ...(input.volumeConfigurations ?? []).map(({ managedEBSVolume }) => managedEBSVolume?.roleArn),
      ...(input.vpcLatticeConfigurations ?? []).map(({ roleArn }) => roleArn),
      ...(input.loadBalancers ?? []).map(({ advancedConfiguration }) => advancedConfiguration?.roleArn),
      ...(input.deploymentConfiguration?.lifecycleHooks ?? []).map(({ roleArn }) => roleArn),
    ],
    'ecs.amazonaws.com',
    call,
  );

/** The role with which ECS makes Managed Instances. */
export const passProviderRole: Asks<{
  readonly managedInstancesProvider?: { infrastructureRoleArn: string | undefined } | undefined;
}> = ({ managedInstancesProvider }, call) =>
  passRoles([managedInstancesProvider?.infrastructureRoleArn], 'ecs.amazonaws.com', call);

/** A capacity provider that is of one cluster changes that cluster's list. */
export const putIntoCluster: Asks<{ readonly cluster?: string | undefined }> = (input, call) =>
  input.cluster === undefined
    ? []
    : clusterResource(input, call).map((resource) => ({
        action: 'ecs:PutClusterCapacityProviders',
        resource,
      }));

/** The role with which ECS makes what an Express service stands on, or a gateway. */
export const passInfrastructureRole: Asks<{ readonly infrastructureRoleArn?: string | undefined }> = (
  { infrastructureRoleArn },
  call,
) => passRoles([infrastructureRoleArn], 'ecs.amazonaws.com', call);

/** The roles that an Express service's tasks get: those that are named, or those of the task definition that is. */
export function passExpressTaskRoles(
  reader: Reader,
): Asks<TaskRoles & { readonly taskDefinitionArn?: string | undefined }> {
  const ofDefinition = passLaunchedRoles(reader);
  return (input, call) =>
    input.taskDefinitionArn === undefined
      ? passDefinedRoles(input, call)
      : ofDefinition({ taskDefinition: input.taskDefinitionArn }, call);
}

/** The same of one that is there: what is not said stays, and whoever says what runs says what runs with those roles. */
export function passKeptExpressRoles(
  reader: Reader,
): Asks<DefinitionInput & { readonly serviceArn: string | undefined }> {
  const named = passExpressTaskRoles(reader);
  return (input, call) => {
    if (input.taskDefinitionArn !== undefined) return named(input, call);
    if (!saysDefinition(input) || !input.serviceArn) return [];
    const used = findExpressService(reader, call, input.serviceArn)?.service.taskDefinition;
    const key = used && taskDefinitionKey(call, used.family, used.revision);
    const definition = key && reader.get(taskDefinitions, key)?.definition;
    const { taskRoleArn = definition?.taskRoleArn, executionRoleArn = definition?.executionRoleArn } = input;
    return passDefinedRoles({ taskRoleArn, executionRoleArn }, call);
  };
}
