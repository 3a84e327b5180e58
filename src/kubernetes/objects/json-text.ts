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
  /** By items of lists. */
  readonly #wholes = new WeakMap<object, Typed>();
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

  /** The same of an item of a list, whose text is cut out of the whole object's: what it is stands on the list. */
  shareItem<T extends object>(item: T, whole: Typed): T {
    this.#wholes.set(item, this.share(whole));
    return item;
  }

  /** The JSON of a value, by the texts that are kept of it or of its `items`. */
  of(value: Json): string {
    if (typeof value === 'object' && value !== null && this.#shared.has(value)) return this.#ofShared(value);
    let text = '';
    for (const part of this.partsOf(value)) text += part;
    return text;
  }

  /** The same in parts, for whoever would not have the text of a long list at once. */
  *partsOf(value: Json): Generator<string, void> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      yield JSON.stringify(value);
      return;
    }
    const { items, ...list } = value as { readonly items?: Json };
    if (this.#shared.has(value) || !Array.isArray(items) || items.length === 0) {
      yield this.#shared.has(value) ? this.#ofShared(value) : JSON.stringify(value);
      return;
    }
    yield JSON.stringify({ ...list, items: [] }).slice(0, -2);
    let before = '';
    for (const item of items as readonly Json[]) {
      const isObject = typeof item === 'object' && item !== null;
      const whole = isObject ? this.#wholes.get(item) : undefined;
      const text = whole && this.#ofShared(whole);
      const start = whole && startOf(whole);
      if (text !== undefined && start !== undefined && text.startsWith(start)) {
        yield `${before}{`;
        yield text.slice(start.length);
      } else {
        yield before;
        yield isObject && this.#shared.has(item) ? this.#ofShared(item) : JSON.stringify(item);
      }
      before = ',';
    }
    yield ']}';
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

interface Typed {
  readonly apiVersion: string;
  readonly kind: string;
}

/** How the text begins of an object that says first what it is, as most do, and after that something else. */
const startOf = ({ apiVersion, kind }: Typed): string => `{"apiVersion":"${apiVersion}","kind":"${kind}",`;

/** Of all clusters: what is asked for often stays, whosever it is. */
export const texts = new SharedTexts();
