/** What pods bring to a group, each with what it brings itself; what there is together is the same object while it is the same. */
export class Members<Together> {
  readonly #of = new Map<string, readonly string[]>();
  readonly #make: (all: ReadonlySet<string>) => Together;
  #together: Together | undefined;

  constructor(make: (all: ReadonlySet<string>) => Together) {
    this.#make = make;
  }

  /** @param brought None: it is no member. */
  put(uid: string, brought: readonly string[]): void {
    const before = this.#of.get(uid) ?? [];
    if (before.length === brought.length && before.every((each, at) => each === brought[at])) return;
    if (brought.length === 0) this.#of.delete(uid);
    else this.#of.set(uid, brought);
    this.#together = undefined;
  }

  get together(): Together {
    this.#together ??= this.#make(new Set([...this.#of.values()].flat()));
    return this.#together;
  }
}
