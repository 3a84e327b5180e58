import type { RunTaskCommandInput, StartTaskCommandInput } from '@aws-sdk/client-ecs';
import type { Reader } from '../../reconcile/index.ts';
import { isFargateSize } from '../fargate-sizes.ts';
import type { Scope } from './arn.ts';
import { requireCluster } from './cluster-lookup.ts';
import type { EcsContext } from './context.ts';
import { clientError, invalidParameter, unsupported } from './errors.ts';
import { given } from './given.ts';
import { readNetworkConfiguration } from './network-configuration.ts';
import type { LaunchedType, TaskDefinitionRecord, TaskOverrideRecord } from './records.ts';
import { mergeTags, validateTags } from './tags.ts';
import { findTaskDefinition } from './task-definition-lookup.ts';
import type { LaunchRequest } from './task-launch.ts';
import { readTaskOverrides } from './task-overrides.ts';
import { requireAssumableRoles } from './task-roles.ts';
import { unsupportedAtLaunch } from './unsupported-at-launch.ts';

/** What RunTask and StartTask have in common, checked: everything but where the tasks go. */
export type CommonLaunch = Omit<
  LaunchRequest,
  'count' | 'launchType' | 'placementStrategy' | 'placementConstraints'
>;

type CommonInput = Pick<RunTaskCommandInput, keyof RunTaskCommandInput & keyof StartTaskCommandInput>;

/** @throws in AWS's words; what isn't built yet is refused by name. */
export function readCommonLaunch(
  reader: Reader,
  ecs: EcsContext,
  scope: Scope,
  input: CommonInput,
  options: { readonly maxStartedByLength: number; readonly now: number },
): CommonLaunch {
  const cluster = requireCluster(reader, scope, input.cluster);
  const definition = requireLaunchable(reader, scope, input.taskDefinition);
  if (input.volumeConfigurations?.length) throw unsupported('volumeConfigurations');
  if ((input.referenceId ?? '').length > maxReferenceIdLength)
    throw invalidParameter(`referenceId must not be longer than ${maxReferenceIdLength} characters.`);

  const overrides = readTaskOverrides(definition.definition, input.overrides);
  requireAssumableRoles(ecs, scope, { cluster: cluster.name, definition, overrides });
  const network = readNetworkConfiguration(reader, scope, definition.definition, input.networkConfiguration);
  return {
    scope,
    cluster: cluster.name,
    definition,
    group: readGroup(input.group) ?? `family:${definition.family}`,
    ...readStartedBy(input.startedBy, options.maxStartedByLength),
    overrides,
    ...given('network', network),
    tags: mergeTags(propagatedTags(definition, input.propagateTags), validateTags(input.tags)),
    enableECSManagedTags: input.enableECSManagedTags ?? false,
    enableExecuteCommand: input.enableExecuteCommand ?? false,
    now: options.now,
  };
}

/**
 * The task definition a launch names, if tasks of it can be launched.
 * @throws ClientException it doesn't exist or is INACTIVE; UnsupportedFeatureException for what it asks for.
 */
export function requireLaunchable(
  reader: Reader,
  scope: Scope,
  identifier: string | undefined,
): TaskDefinitionRecord {
  if (!identifier) throw clientError('TaskDefinition can not be blank.');
  const definition = findTaskDefinition(reader, scope, identifier);
  if (definition === undefined) throw clientError('TaskDefinition not found.');
  if (definition.status !== 'ACTIVE') throw clientError('TaskDefinition is inactive');
  const missing = unsupportedAtLaunch(definition.definition);
  if (missing !== undefined) throw unsupported(missing);
  return definition;
}

/** @throws InvalidParameterException the definition can't run there. */
export function requireCompatible(definition: TaskDefinitionRecord, launchType: LaunchedType): void {
  const { compatibilities } = definition.definition;
  if (compatibilities?.length && !compatibilities.includes(launchType))
    throw invalidParameter(`Task definition does not support launch_type ${launchType}.`);
}

/** @throws InvalidParameterException container instances have no storage of a size to give. */
export function requireStorageOnFargate(
  launchType: LaunchedType,
  { ephemeralStorage }: Pick<TaskOverrideRecord, 'ephemeralStorage'>,
): void {
  if (launchType !== 'FARGATE' && ephemeralStorage !== undefined)
    throw invalidParameter('Overrides with ephemeralStorage are supported on Fargate only.');
}

/** @throws InvalidParameterException Fargate places tasks itself. */
export function refusePlacementOnFargate(
  launchType: LaunchedType,
  input: {
    readonly placementStrategy?: readonly unknown[] | undefined;
    readonly placementConstraints?: readonly unknown[] | undefined;
  },
): void {
  if (launchType !== 'FARGATE') return;
  if (input.placementStrategy?.length)
    throw invalidParameter('Placement strategies are not supported with FARGATE launch type.');
  if (input.placementConstraints?.length)
    throw invalidParameter('Placement constraints are not supported with FARGATE launch type.');
}

/** @throws InvalidParameterException a size that Fargate doesn't sell. */
export function requireFargateSize(
  { definition }: TaskDefinitionRecord,
  overrides: { readonly cpu?: string; readonly memory?: string },
): void {
  const cpu = Number(overrides.cpu ?? definition.cpu);
  const memory = Number(overrides.memory ?? definition.memory);
  if (!isFargateSize(cpu, memory))
    throw invalidParameter(
      `No Fargate configuration exists for given values: ${cpu} CPU, ${memory} memory. See the Amazon ECS documentation for the valid values.`,
    );
}

const maxReferenceIdLength = 1024;
const maxGroupLength = 255;

function readGroup(group: string | undefined): string | undefined {
  if (group === undefined || group === '') return undefined;
  if (group.length > maxGroupLength)
    throw invalidParameter(`Group must not be longer than ${maxGroupLength} characters.`);
  // Placement counts a service's tasks by this name.
  if (group.startsWith('service:'))
    throw invalidParameter(`Invalid group ${group}: the prefix service: is reserved for tasks of services.`);
  return group;
}

function readStartedBy(startedBy: string | undefined, maxLength: number): { startedBy?: string } {
  if (startedBy === undefined || startedBy === '') return {};
  if (startedBy.length > maxLength)
    throw invalidParameter(`startedBy must not be longer than ${maxLength} characters.`);
  if (!/^[A-Za-z0-9_/-]+$/.test(startedBy))
    throw invalidParameter(
      'startedBy can contain letters, digits, hyphens, forward slashes and underscores.',
    );
  return { startedBy };
}

function propagatedTags(definition: TaskDefinitionRecord, propagateTags: string | undefined) {
  switch (propagateTags) {
    case undefined:
    case 'NONE':
      return [];
    case 'TASK_DEFINITION':
      return definition.tags;
    default:
      throw invalidParameter(`Invalid propagateTags ${propagateTags}: tasks take TASK_DEFINITION or NONE.`);
  }
}
