import type { CreateDaemonCommandInput, DaemonDeploymentConfiguration } from '@aws-sdk/client-ecs';
import type { Reader } from '../../../reconcile/index.ts';
import { capacityProviderName, clusterName, isForeign, type Scope } from '../arn.ts';
import { findCapacityProvider } from '../capacity/providers.ts';
import { clientError, invalidParameter, unsupported } from '../errors.ts';
import { findDaemonTaskDefinition } from '../operations/daemon-task-definition.ts';
import type { DaemonDeploymentRecord, DaemonRevisionRecord, TaskDefinitionRecord } from '../records.ts';
import { unsupportedAtLaunch } from '../unsupported-at-launch.ts';

/** As ECS likes it: some of many, one of few. */
const defaultDrainPercent = 20;
const mostBakeMinutes = 1_440;

/** @throws InvalidParameterException */
export function readDaemonDeployment(
  input: DaemonDeploymentConfiguration | undefined,
): DaemonDeploymentRecord['configuration'] {
  const { drainPercent = defaultDrainPercent, bakeTimeInMinutes = 0, alarms } = input ?? {};
  if (drainPercent < 0 || drainPercent > 100)
    throw invalidParameter('drainPercent must be between 0.0 and 100.0.');
  if (!Number.isInteger(bakeTimeInMinutes) || bakeTimeInMinutes < 0 || bakeTimeInMinutes > mostBakeMinutes)
    throw invalidParameter(`bakeTimeInMinutes must be between 0 and ${mostBakeMinutes}.`);
  const alarmNames = alarms?.alarmNames ?? [];
  if (alarms?.enable && alarmNames.length === 0)
    throw invalidParameter('alarmNames must not be empty when alarms are enabled.');
  return { drainPercent, bakeTimeInMinutes, alarmNames: alarms?.enable ? alarmNames : [] };
}

type RevisionInput = Pick<
  CreateDaemonCommandInput,
  | 'capacityProviderArns'
  | 'critical'
  | 'daemonTaskDefinitionArn'
  | 'enableECSManagedTags'
  | 'enableExecuteCommand'
  | 'propagateTags'
>;

/** What a daemon of a cluster is to be from now on. @throws ClientException, InvalidParameterException */
export function readDaemonRevision(
  reader: Reader,
  scope: Scope,
  cluster: string,
  input: RevisionInput,
): Omit<DaemonRevisionRecord, 'createdAt' | 'daemon' | 'id'> & { readonly definition: TaskDefinitionRecord } {
  const definition = findDaemonTaskDefinition(reader, scope, input.daemonTaskDefinitionArn);
  if (definition === undefined) throw clientError('The daemon task definition was not found.');
  if (definition.status !== 'ACTIVE') throw clientError('The daemon task definition is not ACTIVE.');
  const missing = unsupportedAtLaunch(definition.definition);
  if (missing !== undefined) throw unsupported(missing);
  const { family, revision } = definition;
  const { propagateTags = 'NONE' } = input;
  if (propagateTags !== 'NONE' && propagateTags !== 'DAEMON')
    throw invalidParameter('propagateTags should be one of [DAEMON,NONE].');
  return {
    ...{ cluster, definition, taskDefinition: { family, revision }, propagateTags },
    capacityProviders: readProviders(reader, scope, cluster, input.capacityProviderArns),
    isCritical: input.critical ?? true,
    enableECSManagedTags: input.enableECSManagedTags ?? false,
    enableExecuteCommand: input.enableExecuteCommand ?? false,
  };
}

function readProviders(
  reader: Reader,
  scope: Scope,
  cluster: string,
  arns: readonly string[] | undefined,
): readonly string[] {
  if (!arns?.length) throw invalidParameter('capacityProviderArns can not be empty.');
  return [...new Set(arns)].map((arn) => {
    const found = findCapacityProvider(reader, scope, arn);
    if (found?.status !== 'ACTIVE')
      throw invalidParameter(`The specified capacity provider '${arn}' was not found.`);
    if (!('managedInstancesProvider' in found) || found.cluster !== cluster)
      throw invalidParameter(
        `The capacity provider ${capacityProviderName(arn)} is not one of Managed Instances of the cluster ${cluster}.`,
      );
    return found.name;
  });
}

/** @throws InvalidParameterException it is of another account or region. */
export function clusterOfDaemons(scope: Scope, arn: string | undefined): string {
  if (arn !== undefined && isForeign(arn, scope)) throw invalidParameter(`Invalid identifier: ${arn}`);
  return clusterName(arn);
}
