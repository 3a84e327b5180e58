import type { Pod } from './objects.ts';
import { podResource } from './pod-control.ts';
import { isLostRace, type Writer, withoutVersion } from './writer.ts';

/** Takes a finalizer off a pod; one that is gone has none. */
export async function withoutFinalizer(writer: Writer, pod: Pod, finalizer: string): Promise<void> {
  try {
    await writer.change<Pod>(podResource, pod, ({ metadata, ...present }) => {
      const { finalizers = [], ...others } = withoutVersion(metadata);
      const left = finalizers.filter((name) => name !== finalizer);
      return { ...present, metadata: { ...others, ...(left.length > 0 && { finalizers: left }) } };
    });
  } catch (error) {
    if (!isLostRace(error)) throw error;
  }
}
