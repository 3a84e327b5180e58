import type { Image, Runtime } from '../../runtime/index.ts';
import type { AgentSettings } from '../agent-options.ts';
import type { StateFile } from '../state/state-file.ts';

export interface ResolvedImage {
  readonly image: Image;
  /** It came from its registry just now. */
  readonly wasPulled: boolean;
}

/**
 * The image for a container, by ECS_IMAGE_PULL_BEHAVIOR: `default` pulls and falls back on what is here, `always`
 * only pulls, `once` pulls unless this agent did before, `prefer-cached` pulls what is not here.
 * @throws {RuntimeError} when it can't be had.
 */
export async function resolveImage(
  reference: string,
  behavior: AgentSettings['imagePullBehavior'],
  runtime: Runtime,
  state: StateFile,
  signal: AbortSignal,
): Promise<ResolvedImage> {
  const pull = async (): Promise<ResolvedImage> => {
    const image = await runtime.pullImage(reference, { signal });
    state.recordPull(reference);
    return { image, wasPulled: true };
  };
  const cached = async (): Promise<ResolvedImage | undefined> => {
    const image = await runtime.inspectImage(reference);
    return image && { image, wasPulled: false };
  };

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
