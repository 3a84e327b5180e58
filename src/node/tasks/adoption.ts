import type { Container, Sandbox } from '../../runtime/index.ts';
import type { TaskPlan } from './plan.ts';

/** What a starting agent finds in the engine, sorted by what it remembers. */
export interface Adoption {
  /** By container name in the engine; those of known tasks. */
  readonly adopted: ReadonlyMap<string, Container>;
  /** Labelled as ours, but of no task that we know: remains of a crash. */
  readonly orphanContainers: readonly string[];
  readonly orphanSandboxes: readonly string[];
}

/** Pure. `plans` are those of all tasks that the agent remembers. */
export function sortFound(
  plans: readonly TaskPlan[],
  containers: readonly Container[],
  sandboxes: readonly Sandbox[],
): Adoption {
  const ownNames = new Set(plans.flatMap((plan) => plan.containers.map((container) => container.spec.name)));
  const ownSandboxes = new Set(plans.map((plan) => plan.sandbox.id));
  return {
    adopted: new Map(
      containers.filter(({ name }) => ownNames.has(name)).map((container) => [container.name, container]),
    ),
    orphanContainers: containers.map(({ name }) => name).filter((name) => !ownNames.has(name)),
    orphanSandboxes: sandboxes.map(({ id }) => id).filter((id) => !ownSandboxes.has(id)),
  };
}
