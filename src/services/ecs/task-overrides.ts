import type { ContainerOverride, TaskOverride } from '@aws-sdk/client-ecs';
import { clientError, invalidParameter, unsupported } from './errors.ts';
import { given } from './given.ts';
import { isGpuCount } from './placement/gpus.ts';
import type { StoredTaskDefinition, TaskOverrideRecord } from './records.ts';
import { isRole, maxInteger } from './task-definition/field-rules.ts';
import { requireStorageSize } from './task-definition/task-definition-validation.ts';
import { parseTaskCpu, parseTaskMemory } from './task-definition/task-size.ts';

/** The overrides' JSON, punctuation included (ECS API reference, RunTask `overrides`). */
const maxLength = 8192;

/**
 * Checks what a launch changes of its task definition.
 * @throws InvalidParameterException, ClientException for a malformed role, or UnsupportedFeatureException for env files
 * and shared GPUs.
 */
export function readTaskOverrides(
  definition: StoredTaskDefinition,
  overrides: TaskOverride | undefined,
): TaskOverrideRecord {
  if (overrides === undefined) return { containerOverrides: [] };
  if (JSON.stringify(overrides).length > maxLength)
    throw invalidParameter(`The total length of overrides must not exceed ${maxLength} characters.`);
  const { taskRoleArn, executionRoleArn } = overrides;
  for (const role of [taskRoleArn, executionRoleArn])
    if (role && !isRole(role)) throw clientError('Role is not valid.');
  if (overrides.inferenceAcceleratorOverrides?.length)
    throw unsupported('The override inferenceAcceleratorOverrides');

  const sizeInGiB = overrides.ephemeralStorage?.sizeInGiB;
  requireStorageSize(sizeInGiB);
  const cpu = overrides.cpu === undefined ? undefined : parseTaskCpu(overrides.cpu);
  const memory = overrides.memory === undefined ? undefined : parseTaskMemory(overrides.memory);
  return {
    containerOverrides: (overrides.containerOverrides ?? []).flatMap((override) =>
      containerOverride(definition, override),
    ),
    ...given('cpu', cpu),
    ...given('memory', memory),
    ...given('ephemeralStorage', sizeInGiB === undefined ? undefined : { sizeInGiB }),
    ...given('taskRoleArn', taskRoleArn || undefined),
    ...given('executionRoleArn', executionRoleArn || undefined),
  };
}

function containerOverride(
  definition: StoredTaskDefinition,
  override: ContainerOverride,
): ContainerOverride[] {
  const { name, ...changes } = override;
  if (name === undefined || name === '') {
    if (Object.values(changes).every((change) => change === undefined)) return [];
    throw invalidParameter('A container override must name its container.');
  }
  const container = definition.containerDefinitions.find((candidate) => candidate.name === name);
  if (container === undefined)
    throw invalidParameter(`Override for container named ${name} is not a container in the TaskDefinition.`);
  if (changes.environmentFiles?.length) throw unsupported('The container override environmentFiles');
  for (const requirement of changes.resourceRequirements ?? []) {
    const { type, value = '' } = requirement;
    if (type !== 'GPU' || requirement.sharingStrategy !== undefined)
      throw unsupported('The container override resourceRequirements other than a number of GPUs');
    if (!isGpuCount(value))
      throw invalidParameter(`The GPU override '${value}' for ${name} must be a positive number or ALL.`);
  }
  for (const variable of changes.environment ?? []) {
    if (!variable.name)
      throw invalidParameter(`An environment variable in the override for ${name} has no name.`);
  }

  const { cpu, memory, memoryReservation } = changes;
  if (cpu !== undefined && !isWholeFrom(0, cpu))
    throw invalidParameter(`Invalid 'cpu' setting for container '${name}'.`);
  for (const [setting, value] of Object.entries({ memory, memoryReservation })) {
    if (value !== undefined && !isWholeFrom(minMemoryMiB, value))
      throw invalidParameter(
        `Invalid '${setting}' setting for container '${name}': it must be a whole number of at least ${minMemoryMiB} MiB.`,
      );
  }
  const hard = memory ?? container.memory;
  const soft = memoryReservation ?? container.memoryReservation;
  if (hard !== undefined && soft !== undefined && soft > hard)
    throw invalidParameter(
      `Invalid setting for container '${name}'. 'memoryReservation' must not be greater than 'memory'.`,
    );
  return [defined(override)];
}

/** What the Engine needs at least to start a process. */
const minMemoryMiB = 6;

const isWholeFrom = (min: number, value: number): boolean =>
  Number.isInteger(value) && value >= min && value <= maxInteger;

function defined(override: ContainerOverride): ContainerOverride {
  return Object.fromEntries(Object.entries(override).filter(([, value]) => value !== undefined));
}
