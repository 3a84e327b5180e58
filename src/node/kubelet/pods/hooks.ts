import type { Clock } from '../../../clock/index.ts';
import type { ContainerPort, LifecycleHandler } from '../objects/pod.ts';
import { handlerOf } from '../probes/handler.ts';
import type { RunHandler } from '../probes/run-probe.ts';

/** Whose hook it is. */
export interface HookTarget {
  /** In the engine. */
  readonly containerName: string;
  readonly podUid: string;
  readonly podIp: string;
  readonly ports: readonly ContainerPort[];
}

/** Runs a container's hook to its end. @throws {Error} with what went wrong. */
export type RunHook = (
  handler: LifecycleHandler,
  target: HookTarget,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
) => Promise<void>;

export function hookRunner({
  runHandler,
  clock,
}: {
  readonly runHandler: RunHandler;
  readonly clock: Clock;
}): RunHook {
  return async (hook, target, { timeoutMs, signal }) => {
    if (hook.sleep) return clock.sleep(Math.min(timeoutMs, hook.sleep.seconds * 1_000), signal);
    const handler = handlerOf(hook, target.ports, target.podIp);
    const { isSuccess, message } = await runHandler(handler, target, { timeoutMs, signal });
    if (!isSuccess) throw new Error(message);
  };
}
