/**
 * A tolerant reader of an engine's JSON. Engines of many versions leave members out, send null for an empty list
 * or add their own: what is not there in the expected type reads as undefined or empty, and nothing else is touched.
 */
export class Fields {
  readonly #members: Readonly<Record<string, unknown>>;

  constructor(value: unknown) {
    this.#members = isRecord(value) ? value : {};
  }

  static parse(json: string): Fields {
    return new Fields(JSON.parse(json));
  }

  keys(): string[] {
    return Object.keys(this.#members);
  }

  has(name: string): boolean {
    return this.#members[name] !== undefined && this.#members[name] !== null;
  }

  text(name: string): string | undefined {
    const value = this.#members[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** The text, unless it is empty, which is how the Engine writes "none". */
  word(name: string): string | undefined {
    return this.text(name) || undefined;
  }

  number(name: string): number | undefined {
    const value = this.#members[name];
    return typeof value === 'number' ? value : undefined;
  }

  flag(name: string): boolean {
    return this.#members[name] === true;
  }

  object(name: string): Fields {
    return new Fields(this.#members[name]);
  }

  list(name: string): Fields[] {
    const value = this.#members[name];
    return Array.isArray(value) ? value.map((item) => new Fields(item)) : [];
  }

  texts(name: string): string[] {
    const value = this.#members[name];
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  }

  textMap(name: string): Record<string, string> {
    const value = this.#members[name];
    if (!isRecord(value)) return {};
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  }

  /** RFC 3339 to epoch ms; undefined for the Engine's zero time (year 1). */
  timeMs(name: string): number | undefined {
    const ms = Date.parse(this.text(name) ?? '');
    return Number.isNaN(ms) || ms <= 0 ? undefined : ms;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The items of a JSON array of objects. */
export function fieldsOfList(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map((item) => new Fields(item)) : [];
}
