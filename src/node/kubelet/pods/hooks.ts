import type { Clock } from '../../../clock/index.ts';
import type { Runtime } from '../../../runtime/index.ts';
import type { LifecycleHandler } from '../objects/pod.ts';

/** Runs a container's hook to its end. @throws {Error} with what went wrong. */
export type RunHook = (
  handler: LifecycleHandler,
  containerName: string,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
) => Promise<void>;

/** Hooks that run a command or wait. */
export function hookRunner({
  runtime,
  clock,
}: {
  readonly runtime: Runtime;
  readonly clock: Clock;
}): RunHook {
  return async ({ exec, sleep, ...other }, containerName, { timeoutMs, signal }) => {
    if (sleep !== undefined) return clock.sleep(Math.min(timeoutMs, sleep.seconds * 1_000), signal);
    if (exec === undefined)
      throw new Error(`a hook of ${Object.keys(other).join(', ')} is not supported on this node`);
    const command = exec.command ?? [];
    const { exitCode, output } = await runtime.exec(containerName, command, { timeoutMs, signal });
    if (exitCode !== 0)
      throw new Error(
        `command '${command.join(' ')}' exited with ${exitCode}: , message: ${JSON.stringify(output)}`,
      );
  };
}
