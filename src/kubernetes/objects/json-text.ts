import type { Json } from '../../store/index.ts';

/** Of each of two generations; a character of most objects takes a byte. */
const maxCharacters = 24 * 1024 * 1024;

/**
 * The JSON of objects that are answered again and again, written once for all who get, list and watch them. What is shared
 * never changes, so a text is its object's for good; texts that nobody has asked for lately are forgotten.
 */
export class SharedTexts {
  readonly #max: number;
  readonly #shared = new WeakSet<object>();
  #recent = new WeakMap<object, string>();
  #older = new WeakMap<object, string>();
  #characters = 0;

  /** @param max Characters after which the recent generation becomes the older one. */
  constructor(max = maxCharacters) {
    this.#max = max;
  }

  /** From now on the object's text is kept. It must not change any more. */
  share<T extends object>(object: T): T {
    this.#shared.add(object);
    return object;
  }

  /** The JSON of a value, by the texts that are kept of it or of its `items`. */
  of(value: Json): string {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value);
    if (this.#shared.has(value)) return this.#ofShared(value);
    const { items, ...list } = value as { readonly items?: Json };
    if (!Array.isArray(items) || items.length === 0) return JSON.stringify(value);
    const texts = items.map((item: Json) =>
      this.#shared.has(item as object) ? this.#ofShared(item as object) : JSON.stringify(item),
    );
    const around = JSON.stringify({ ...list, items: [] });
    return `${around.slice(0, -2)}${texts.join(',')}]}`;
  }

  #ofShared(object: object): string {
    const recent = this.#recent.get(object);
    if (recent !== undefined) return recent;
    const text = this.#older.get(object) ?? JSON.stringify(object);
    if (this.#characters >= this.#max) {
      this.#older = this.#recent;
      this.#recent = new WeakMap();
      this.#characters = 0;
    }
    this.#recent.set(object, text);
    this.#characters += text.length;
    return text;
  }
}

/** Of all clusters: what is asked for often stays, whosever it is. */
export const texts = new SharedTexts();
