import type { AcsContainer } from '../../protocols/index.ts';
import { MalformedError } from '../reading.ts';
import type { Dependency } from './plan.ts';

/**
 * What a container waits for: its `dependsOn`, and, as links and `volumesFrom` need the other container there,
 * a START on each of those. @throws {MalformedError} on a container that does not exist.
 */
export function dependenciesOf(container: AcsContainer, all: readonly AcsContainer[]): readonly Dependency[] {
  const explicit = (container.dependsOn ?? []).map(({ containerName, condition }) => ({
    on: containerName,
    condition,
  }));
  const implicit = implicitDependenciesOf(container)
    .filter((name) => !explicit.some((dependency) => dependency.on === name))
    .map((name): Dependency => ({ on: name, condition: 'START' }));
  const dependencies = [...explicit, ...implicit];
  for (const { on } of dependencies) {
    if (!all.some((other) => other.name === on)) {
      throw new MalformedError(
        `Container '${container.name}' depends on container '${on}', which is not in the task`,
      );
    }
  }
  return dependencies;
}

/** Links and `volumesFrom`, by container name. */
export function implicitDependenciesOf(container: AcsContainer): readonly string[] {
  const linked = (container.links ?? []).map((link) => link.split(':', 1)[0] ?? link);
  const mounted = (container.volumesFrom ?? []).map((source) => source.sourceContainer);
  return [...new Set([...linked, ...mounted])];
}

/** Containers so that each stands after what it depends on. @throws {MalformedError} on a circle. */
export function inDependencyOrder<
  T extends { readonly name: string; readonly dependencies: readonly Dependency[] },
>(containers: readonly T[]): readonly T[] {
  const ordered: T[] = [];
  const placed = new Set<string>();
  let remaining = [...containers];
  while (remaining.length > 0) {
    const ready = remaining.filter((container) => container.dependencies.every(({ on }) => placed.has(on)));
    if (ready.length === 0) {
      const names = remaining.map((container) => `'${container.name}'`).join(', ');
      throw new MalformedError(`Containers ${names} depend on each other in a circle`);
    }
    for (const container of ready) {
      ordered.push(container);
      placed.add(container.name);
    }
    remaining = remaining.filter((container) => !placed.has(container.name));
  }
  return ordered;
}
