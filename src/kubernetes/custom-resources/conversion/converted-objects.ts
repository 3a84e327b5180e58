import type { KubernetesObject } from '../../objects/object.ts';

/** Of a cluster, as JSON; what was asked for longest ago goes first. */
const mostBytes = 32 * 1024 * 1024;

interface Known {
  readonly object: Promise<KubernetesObject>;
  /** Zero as long as nobody knows. */
  bytes: number;
}

/** What objects became, by the object that is kept, which is another one after each write. */
export class ConvertedObjects {
  /** In the order in which they were made. */
  readonly #known = new Map<KubernetesObject, Map<string, Known>>();
  #bytes = 0;

  has(kept: KubernetesObject, by: string): boolean {
    return this.#known.get(kept)?.has(by) === true;
  }

  get(kept: KubernetesObject, by: string): Promise<KubernetesObject> | undefined {
    return this.#known.get(kept)?.get(by)?.object;
  }

  /** What fails is asked again by whoever comes next. */
  remember(kept: KubernetesObject, by: string, object: Promise<KubernetesObject>): void {
    const known: Known = { object, bytes: 0 };
    const versions = this.#known.get(kept) ?? new Map<string, Known>();
    versions.set(by, known);
    this.#known.set(kept, versions);
    object.then(
      (made) => {
        if (this.#known.get(kept)?.get(by) !== known) return;
        known.bytes = JSON.stringify(made).length;
        this.#bytes += known.bytes;
        this.#shrink();
      },
      () => {
        if (this.#known.get(kept)?.get(by) !== known) return;
        versions.delete(by);
        if (versions.size === 0) this.#known.delete(kept);
      },
    );
  }

  #shrink(): void {
    for (const [kept, versions] of this.#known) {
      if (this.#bytes <= mostBytes) return;
      for (const { bytes } of versions.values()) this.#bytes -= bytes;
      this.#known.delete(kept);
    }
  }
}
