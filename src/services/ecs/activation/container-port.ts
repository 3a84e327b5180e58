import { invalidParameter } from '../errors.ts';
import type { StoredTaskDefinition } from '../records.ts';

/** What others are led to must be a port that a container of the definition has. @throws InvalidParameterException */
export function requireContainerPort(
  definition: StoredTaskDefinition,
  containerName: string,
  containerPort: number,
): void {
  const container = definition.containerDefinitions.find(({ name }) => name === containerName);
  if (container === undefined)
    throw invalidParameter(`The container ${containerName} does not exist in the task definition.`);
  if (!container.portMappings?.some((mapping) => mapping.containerPort === containerPort))
    throw invalidParameter(
      `The container ${containerName} did not have a container port ${containerPort} defined.`,
    );
}
