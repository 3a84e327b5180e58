import type { Pod, PodContainer } from '../objects/pod.ts';
import { isSidecar } from '../pods/restart-policy.ts';
import { allocationOf } from './allocations.ts';

/** What events say of a resize: `Pod resize started: {"containers":[…],"generation":2}`. @param pod With what it is about. */
export function resizeMessage(what: string, pod: Pod, error?: string): string {
  const { containers, initContainers = [] } = pod.spec;
  const resources = allocationOf(pod).containers;
  const told = (list: readonly PodContainer[]) =>
    list.map(({ name }) => ({ name, resources: resources[name] ?? {} }));
  const sidecars = initContainers.filter(isSidecar);
  const summary = {
    ...(sidecars.length > 0 && { initContainers: told(sidecars) }),
    containers: told(containers),
    generation: pod.metadata.generation ?? 0,
    ...(error !== undefined && { error }),
  };
  return `${what}: ${JSON.stringify(summary)}`;
}
