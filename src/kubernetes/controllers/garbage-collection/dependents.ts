import type { Kept } from '../objects.ts';

/**
 * Which objects name which as their owner, by the owner's uid, of all clusters: uids are never used twice. It follows the
 * changes of objects and only ever says where to look.
 */
export class Dependents {
  readonly #byOwner = new Map<string, Set<string>>();

  /** The keys of objects that may name it as an owner. */
  of(uid: string | undefined): Iterable<string> {
    return (uid === undefined ? undefined : this.#byOwner.get(uid)) ?? [];
  }

  note(key: string, before: Kept | undefined, after: Kept | undefined): void {
    const [was, is] = [before?.metadata.ownerReferences, after?.metadata.ownerReferences];
    if (was === is) return;
    for (const { uid } of was ?? []) {
      const keys = this.#byOwner.get(uid);
      keys?.delete(key);
      if (keys?.size === 0) this.#byOwner.delete(uid);
    }
    for (const { uid } of is ?? []) {
      const keys = this.#byOwner.get(uid);
      if (keys === undefined) this.#byOwner.set(uid, new Set([key]));
      else keys.add(key);
    }
  }
}
