import type { ContainerStatus, Pod, PodContainer, PodPhase } from '../objects/pod.ts';
import { isSidecar, isToRestart } from '../pods/restart-policy.ts';

/**
 * A pod's phase, from its containers' statuses: Pending until the init containers are done and one of the others has begun;
 * over when all have ended and none is to run again.
 * @param isAtEnd Nothing of it runs, and nothing will: what has not succeeded has failed.
 */
export function podPhase(
  pod: Pod,
  statuses: ReadonlyMap<string, ContainerStatus>,
  isAtEnd = false,
): PodPhase {
  const { containers, initContainers = [] } = pod.spec;
  let isPending = false;
  for (const container of initContainers) {
    const status = statuses.get(container.name);
    const exitCode = exitCodeOf(status);
    if (isSidecar(container)) {
      if (status?.started !== true && exitCode === undefined) isPending = true;
    } else if (exitCode === undefined) isPending = true;
    else if (exitCode !== 0) {
      if (!isToRestart(pod, container, exitCode, true)) return 'Failed';
      isPending = true;
    }
  }
  const ended: { readonly container: PodContainer; readonly exitCode: number }[] = [];
  let isRunning = false;
  let isWaiting = false;
  for (const container of containers) {
    const status = statuses.get(container.name);
    const exitCode = exitCodeOf(status);
    if (status?.state?.running) isRunning = true;
    else if (exitCode === undefined) isWaiting = true;
    else ended.push({ container, exitCode });
  }
  if (isAtEnd) {
    const hasSucceeded = !isPending && ended.length === containers.length;
    return hasSucceeded && ended.every(({ exitCode }) => exitCode === 0) ? 'Succeeded' : 'Failed';
  }
  const hasBegun = isRunning || ended.length > 0;
  if (isPending && !hasBegun) return 'Pending';
  if (isWaiting) return 'Pending';
  if (isRunning) return 'Running';
  if (ended.some(({ container, exitCode }) => isToRestart(pod, container, exitCode))) return 'Running';
  return ended.every(({ exitCode }) => exitCode === 0) ? 'Succeeded' : 'Failed';
}

/** Of its last run, also while it waits for the next. */
function exitCodeOf(status: ContainerStatus | undefined): number | undefined {
  const { state, lastState } = status ?? {};
  return (state?.terminated ?? (state?.waiting && lastState?.terminated))?.exitCode;
}
