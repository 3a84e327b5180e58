import type { Attributes, Proposed } from '../apiserver/admission/attributes.ts';
import { forbidden } from '../apiserver/status.ts';
import { memberOf } from '../objects/object.ts';
import { type Alongside, alone, type ObjectStore, together } from '../objects/object-store.ts';
import type { ObjectsInMemory } from '../objects/objects-in-memory.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import { type Amounts, listed } from './amounts.ts';
import { decide } from './decide.ts';

const quotas = resourceNamed('', 'resourcequotas');

/**
 * Counts what is written against the quotas of its namespace, in the very commit that writes it: there is no object that is
 * not counted, and nothing is counted without its object. Writers of one namespace that has quotas come one after the other,
 * for each would else find the quota changed by another.
 */
export class Charging {
  readonly #objects: ObjectStore;
  readonly #inMemory: ObjectsInMemory;
  /** The last in the line of each namespace. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(objects: ObjectStore, inMemory: ObjectsInMemory) {
    this.#objects = objects;
    this.#inMemory = inMemory;
  }

  /**
   * @param commit Writes the object, and what goes along.
   * @throws {ApiError} 403: a quota would be exceeded.
   */
  async charged<T>(proposed: Proposed, commit: (counted: Alongside) => Promise<T>): Promise<T> {
    const { namespace } = proposed;
    if (namespace === undefined || !this.#hasQuotas(proposed)) return commit(alone);
    const before = this.#turns.get(namespace) ?? Promise.resolve();
    const own = before.then(async () => commit(await this.#count(proposed, namespace)));
    const settled = own.catch(() => {});
    this.#turns.set(namespace, settled);
    try {
      return await own;
    } finally {
      if (this.#turns.get(namespace) === settled) this.#turns.delete(namespace);
    }
  }

  #hasQuotas({ operation, subresource, namespace }: Attributes): boolean {
    const isCharged =
      operation === 'CREATE' ||
      (operation === 'UPDATE' && (subresource === undefined || subresource === 'resize'));
    if (!isCharged || this.#inMemory.all(quotas).length === 0) return false;
    return !this.#inMemory.list(quotas, namespace).next().done;
  }

  async #count({ resource, name, object, before }: Proposed, namespace: string): Promise<Alongside> {
    if (object === undefined) return alone;
    let alongside = alone;
    const { items } = await this.#objects.list(quotas, namespace);
    for (const { key, revision, object: quota } of items) {
      const decision = decide(quota, resource, object, before);
      if (decision.is === 'refused') throw forbidden(resource, name, decision.why);
      if (decision.is === 'unconcerned') continue;
      const status = { ...memberOf(quota, 'status'), used: listed(only(decision.used, quota)) };
      alongside = together(alongside, {
        preconditions: [{ key, revision }],
        writes: [{ type: 'put', key, value: { ...quota, status } as never }],
      });
    }
    return alongside;
  }
}

function only(used: Amounts, quota: object): Amounts {
  const hard = memberOf(memberOf(quota, 'status'), 'hard');
  return new Map([...used].filter(([name]) => Object.hasOwn(hard, name)));
}
