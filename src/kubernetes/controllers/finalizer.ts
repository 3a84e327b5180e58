import type { Resource } from '../schema/catalogue.ts';
import type { Kept } from './objects.ts';
import { isLostRace, type Writer, withoutVersion } from './writer.ts';

/** Takes a finalizer off an object; one that is gone has none. */
export async function withoutFinalizer(
  writer: Writer,
  resource: Resource,
  object: Kept,
  finalizer: string,
): Promise<void> {
  try {
    await writer.change<Kept>(resource, object, ({ metadata, ...present }) => {
      const { finalizers = [], ...others } = withoutVersion(metadata);
      const left = finalizers.filter((name) => name !== finalizer);
      return { ...present, metadata: { ...others, ...(left.length > 0 && { finalizers: left }) } };
    });
  } catch (error) {
    if (!isLostRace(error)) throw error;
  }
}
