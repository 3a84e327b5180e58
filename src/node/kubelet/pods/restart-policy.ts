import type { Pod, PodContainer } from '../objects/pod.ts';

/** An init container that runs beside the others for as long as the pod lives. */
export function isSidecar(container: PodContainer): boolean {
  return container.restartPolicy === 'Always';
}

/**
 * Whether a container that has ended is to run again: by its own rules, its own policy, the pod's, in this order.
 * An init container of a pod that always restarts is run again only until it succeeds.
 */
export function isToRestart(
  { spec }: Pod,
  container: PodContainer,
  exitCode: number,
  isInit = false,
): boolean {
  for (const { action, exitCodes } of container.restartPolicyRules ?? []) {
    if (action !== 'Restart' || exitCodes === undefined) continue;
    const isListed = exitCodes.values?.includes(exitCode) ?? false;
    if (isListed === (exitCodes.operator === 'In')) return true;
  }
  const policy = container.restartPolicy ?? spec.restartPolicy ?? 'Always';
  if (policy === 'Never') return false;
  if (policy === 'Always' && (!isInit || isSidecar(container))) return true;
  return exitCode !== 0;
}
