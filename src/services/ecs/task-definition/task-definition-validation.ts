import {
  Compatibility,
  CPUArchitecture,
  IpcMode,
  NetworkMode,
  OSFamily,
  PidMode,
  ProxyConfigurationType,
} from '@aws-sdk/client-ecs';
import { isName } from '../arn.ts';
import { clientError } from '../errors.ts';
import { memberOfFault } from '../placement-rules.ts';
import type { StoredTaskDefinition } from '../records.ts';
import { validateContainer } from './container-definition-validation.ts';
import { validateDependencies } from './container-dependency-validation.ts';
import { firstDuplicate, isRole, requireInteger, requireOneOf, requireText } from './field-rules.ts';
import { isWindows, launchTypeObjection } from './launch-types.ts';
import { validateLogging } from './log-configuration-validation.ts';
import { validatePortMappings } from './port-mapping-validation.ts';
import { validateVolumes } from './volume-validation.ts';

const maxContainers = 10;
const maxPlacementConstraints = 10;

/**
 * Every rule of RegisterTaskDefinition, on a definition whose defaults are filled in. Fields that ask for what
 * can't be run here yet are checked like the others; `unsupportedAtLaunch` says so when a task is wanted.
 * @throws ClientException in AWS's words where they are known.
 */
export function validateTaskDefinition(definition: StoredTaskDefinition): void {
  validateFamily(definition.family);
  validateModes(definition);
  validateContainers(definition);
  validateTotals(definition);
  validatePortMappings(definition);
  validateVolumes(definition);
  validateDependencies(definition.containerDefinitions, definition.networkMode);
  validateLogging(definition);
  validatePlacementConstraints(definition);
  validateProxy(definition);
  validateOptions(definition);
  for (const launchType of definition.requiresCompatibilities ?? []) {
    requireOneOf('requiresCompatibilities', launchType, Object.values(Compatibility));
    const objection = launchTypeObjection(definition, launchType);
    if (objection !== undefined) throw clientError(objection);
  }
}

function validateFamily(family: string): void {
  requireText('Family', family);
  if (family.length > 255) throw clientError('Family should not be longer than 255 characters.');
  if (!isName(family)) throw clientError('Family contains invalid characters.');
}

function validateModes(definition: StoredTaskDefinition): void {
  const { networkMode, pidMode, ipcMode, runtimePlatform, taskRoleArn, executionRoleArn } = definition;
  requireOneOf('networkMode', networkMode, Object.values(NetworkMode));
  requireOneOf('pidMode', pidMode, Object.values(PidMode));
  requireOneOf('ipcMode', ipcMode, Object.values(IpcMode));
  requireOneOf('cpuArchitecture', runtimePlatform?.cpuArchitecture, Object.values(CPUArchitecture));
  requireOneOf('operatingSystemFamily', runtimePlatform?.operatingSystemFamily, Object.values(OSFamily));
  for (const role of [taskRoleArn, executionRoleArn]) {
    if (role !== undefined && !isRole(role)) throw clientError('Role is not valid.');
  }
  if (!isWindows(definition)) return;
  if (networkMode !== undefined && networkMode !== 'awsvpc')
    throw clientError(`Windows containers do not support networkMode ${networkMode}.`);
  if (pidMode !== undefined || ipcMode !== undefined)
    throw clientError('Windows containers do not support pidMode and ipcMode.');
}

function validateContainers(definition: StoredTaskDefinition): void {
  const { containerDefinitions } = definition;
  if (containerDefinitions.length === 0) throw clientError('Container list cannot be empty.');
  if (containerDefinitions.length > maxContainers)
    throw clientError(`A task definition cannot have more than ${maxContainers} containers.`);
  for (const container of containerDefinitions) validateContainer(container, definition);
  if (firstDuplicate(containerDefinitions.map((container) => container.name)) !== undefined)
    throw clientError('Container names must be unique within a task definition.');
  if (containerDefinitions.every((container) => container.essential === false))
    throw clientError("Task definition doesn't have any essential container.");
}

/** What containers ask for must fit the task, where it says a size. Windows ignores the task's. */
function validateTotals(definition: StoredTaskDefinition): void {
  const { containerDefinitions, cpu, memory } = definition;
  if (isWindows(definition)) return;
  const sum = (field: 'cpu' | 'memoryReservation'): number =>
    containerDefinitions.reduce((total, container) => total + (container[field] ?? 0), 0);
  if (cpu !== undefined && sum('cpu') > Number(cpu))
    throw clientError(
      "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.",
    );
  if (memory === undefined) return;
  for (const container of containerDefinitions) {
    if ((container.memory ?? 0) > Number(memory))
      throw clientError(
        `The 'memory' setting for container '${container.name}' is greater than for the task.`,
      );
  }
  if (sum('memoryReservation') > Number(memory))
    throw clientError(
      "The sum of all container 'memoryReservation' values cannot be greater than the value of the task 'memory'.",
    );
}

function validatePlacementConstraints({ placementConstraints = [] }: StoredTaskDefinition): void {
  if (placementConstraints.length > maxPlacementConstraints)
    throw clientError(
      `A task definition cannot have more than ${maxPlacementConstraints} placement constraints.`,
    );
  for (const { type, expression } of placementConstraints) {
    if (type !== 'memberOf') throw clientError(`constraint.type '${type ?? ''}' is not supported.`);
    const fault = memberOfFault(expression);
    if (fault !== undefined) throw clientError(fault);
  }
}

const proxyProperties = [
  'IgnoredUID',
  'IgnoredGID',
  'AppPorts',
  'ProxyIngressPort',
  'ProxyEgressPort',
  'EgressIgnoredPorts',
  'EgressIgnoredIPs',
];

function validateProxy({
  proxyConfiguration,
  containerDefinitions,
  networkMode,
}: StoredTaskDefinition): void {
  if (proxyConfiguration === undefined) return;
  const { type, containerName, properties = [] } = proxyConfiguration;
  requireOneOf('ProxyConfiguration.type', type, Object.values(ProxyConfigurationType));
  if (networkMode !== 'awsvpc') throw clientError('proxyConfiguration requires networkMode=awsvpc.');
  if (!containerDefinitions.some((container) => container.name === containerName))
    throw clientError(`Invalid 'proxyConfiguration' setting. Unknown container: '${containerName}'.`);
  for (const property of properties)
    requireOneOf('ProxyConfiguration.properties', property.name, proxyProperties);
  const given = new Set(properties.filter((property) => property.value).map((property) => property.name));
  const required = ['AppPorts', 'ProxyIngressPort', 'ProxyEgressPort'];
  const missing = required.filter((name) => !given.has(name));
  if (!given.has('IgnoredUID') && !given.has('IgnoredGID')) missing.unshift('IgnoredUID or IgnoredGID');
  if (missing.length > 0)
    throw clientError(`Invalid 'proxyConfiguration' setting. Missing properties: ${missing.join(', ')}.`);
}

/** Fargate's, of a task definition or over it. @throws ClientException */
export function requireStorageSize(sizeInGiB: number | undefined): void {
  if (sizeInGiB !== undefined && sizeInGiB < 21)
    throw clientError('EphemeralStorage size should be at least 21.');
  if (sizeInGiB !== undefined && sizeInGiB > 200)
    throw clientError('EphemeralStorage size should be at most 200.');
  requireInteger('EphemeralStorage.sizeInGiB', sizeInGiB, { min: 21, max: 200 });
}

function validateOptions(definition: StoredTaskDefinition): void {
  const { ephemeralStorage, inferenceAccelerators = [], enableFaultInjection } = definition;
  requireStorageSize(ephemeralStorage?.sizeInGiB);
  for (const accelerator of inferenceAccelerators) {
    requireText('InferenceAccelerator.deviceName', accelerator.deviceName);
    requireText('InferenceAccelerator.deviceType', accelerator.deviceType);
  }
  const hasOwnStack = definition.networkMode === 'awsvpc' || definition.networkMode === 'host';
  if (enableFaultInjection === true && !hasOwnStack)
    throw clientError('enableFaultInjection requires networkMode awsvpc or host.');
}
