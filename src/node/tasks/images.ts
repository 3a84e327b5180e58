import type { Clock } from '../../clock/index.ts';
import type { Image, Runtime } from '../../runtime/index.ts';
import type { AgentSettings } from '../agent-options.ts';
import type { StateFile } from '../state/state-file.ts';

/**
 * The image for a container, by ECS_IMAGE_PULL_BEHAVIOR: `default` pulls and falls back on what is here, `always`
 * only pulls, `once` pulls unless this agent did before, `prefer-cached` pulls what is not here.
 * @param onPullEnded Told of every pull that took place, also of one that failed, with when it began.
 * @throws {RuntimeError} when it can't be had.
 */
export async function resolveImage(
  reference: string,
  {
    behavior,
    runtime,
    state,
    clock,
    signal,
    onPullEnded,
  }: {
    readonly behavior: AgentSettings['imagePullBehavior'];
    readonly runtime: Pick<Runtime, 'pullImage' | 'inspectImage'>;
    readonly state: Pick<StateFile, 'wasPulled' | 'recordPull'>;
    readonly clock: Clock;
    readonly signal: AbortSignal;
    onPullEnded(startedAtMs: number): void;
  },
): Promise<Image> {
  const pull = async (): Promise<Image> => {
    const startedAtMs = clock.now();
    try {
      const image = await runtime.pullImage(reference, { signal });
      state.recordPull(reference);
      return image;
    } finally {
      onPullEnded(startedAtMs);
    }
  };
  const cached = (): Promise<Image | undefined> => runtime.inspectImage(reference);

  switch (behavior) {
    case 'always':
      return pull();
    case 'prefer-cached':
      return (await cached()) ?? pull();
    case 'once':
      return (state.wasPulled(reference) ? await cached() : undefined) ?? pull();
    case 'default':
      try {
        return await pull();
      } catch (error) {
        signal.throwIfAborted();
        const local = await cached();
        if (local) return local;
        throw error;
      }
  }
}
