import { ContainerCondition, type ContainerDefinition } from '@aws-sdk/client-ecs';
import { clientError } from '../errors.ts';
import { invalidSetting, requireOneOf, requireText } from './field-rules.ts';

/**
 * How containers of a task need each other: `dependsOn`, `links` and `volumesFrom`. Each names a container of
 * the same task, and together they must leave an order to start in.
 * @throws ClientException
 */
export function validateDependencies(
  containers: readonly ContainerDefinition[],
  networkMode: string | undefined,
): void {
  const byName = new Map(containers.map((container) => [container.name, container]));
  for (const container of containers) {
    for (const { containerName, condition } of container.dependsOn ?? []) {
      requireOneOf('ContainerDependency.condition', condition, Object.values(ContainerCondition));
      const dependency = byName.get(containerName);
      if (dependency === undefined)
        throw clientError(`Cannot depend on container + '${containerName}' because it does not exist`);
      validateCondition(dependency, condition);
    }
    for (const link of container.links ?? []) {
      if ((networkMode ?? 'bridge') !== 'bridge')
        throw clientError(`Links are not supported when networkMode=${networkMode}.`);
      if (!byName.has(linkedContainer(link)))
        throw clientError(`Invalid 'links' setting. Unknown container: '${linkedContainer(link)}'.`);
    }
    for (const { sourceContainer } of container.volumesFrom ?? []) {
      requireText('VolumeFrom.sourceContainer', sourceContainer);
      if (!byName.has(sourceContainer))
        throw clientError(`Invalid 'volumesFrom' setting. Unknown container: '${sourceContainer}'.`);
    }
  }
  requireStartOrder(containers);
}

function validateCondition(dependency: ContainerDefinition, condition: string | undefined): void {
  const mustExit = condition === 'SUCCESS' || condition === 'COMPLETE';
  if (mustExit && dependency.essential !== false)
    throw clientError(
      'A dependency container with SUCCESS or COMPLETE condition cannot be an essential container',
    );
  if (condition === 'HEALTHY' && dependency.healthCheck === undefined)
    throw clientError('A dependency container with HEALTHY condition must have health check configured');
}

/** Takes away containers that wait for none of the rest until none is left; what stays waits in a circle. */
function requireStartOrder(containers: readonly ContainerDefinition[]): void {
  let waiting = new Map(containers.map((container) => [container.name, dependenciesOf(container)]));
  for (;;) {
    const rest = new Map(
      [...waiting].filter(([, dependencies]) => dependencies.some((name) => waiting.has(name))),
    );
    if (rest.size === 0) return;
    if (rest.size === waiting.size) {
      const [name] = rest.keys();
      throw invalidSetting(name, `Circular dependency between containers: ${[...rest.keys()].join(', ')}.`);
    }
    waiting = rest;
  }
}

function dependenciesOf(container: ContainerDefinition): readonly (string | undefined)[] {
  return [
    ...(container.dependsOn ?? []).map((dependency) => dependency.containerName),
    ...(container.links ?? []).map(linkedContainer),
    ...(container.volumesFrom ?? []).map((volumes) => volumes.sourceContainer),
  ];
}

/** A link is `container` or `container:alias`. */
function linkedContainer(link: string): string {
  return link.split(':', 1)[0] ?? link;
}
