/**
 * Reading JSON that others wrote. A `Reader` walks an `unknown` value and knows where it is, so that what does
 * not fit is named by its path. `null` counts as absent, as in AWS's JSON.
 */
export class Reader {
  readonly path: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw malformed(path, 'an object', value);
    }
    this.path = path;
    this.#fields = { ...value };
  }

  keys(): readonly string[] {
    return Object.keys(this.#fields);
  }

  raw(key: string): unknown {
    return this.#fields[key] ?? undefined;
  }

  string(key: string): string {
    return this.#required(key, this.optionalString(key), 'a string');
  }

  optionalString(key: string): string | undefined {
    const value = this.raw(key);
    if (value === undefined || typeof value === 'string') return value;
    throw malformed(this.#at(key), 'a string', value);
  }

  number(key: string): number {
    return this.#required(key, this.optionalNumber(key), 'a number');
  }

  optionalNumber(key: string): number | undefined {
    const value = this.raw(key);
    if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value;
    throw malformed(this.#at(key), 'a number', value);
  }

  optionalBoolean(key: string): boolean | undefined {
    const value = this.raw(key);
    if (value === undefined || typeof value === 'boolean') return value;
    throw malformed(this.#at(key), 'a boolean', value);
  }

  /** One of `allowed`; absent is undefined. */
  optionalWord<Word extends string>(key: string, allowed: readonly Word[]): Word | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    const word = allowed.find((candidate) => candidate === value);
    if (word === undefined) throw malformed(this.#at(key), `one of ${allowed.join(', ')}`, value);
    return word;
  }

  word<Word extends string>(key: string, allowed: readonly Word[]): Word {
    return this.#required(key, this.optionalWord(key, allowed), `one of ${allowed.join(', ')}`);
  }

  optionalObject<T>(key: string, read: (reader: Reader) => T): T | undefined {
    const value = this.raw(key);
    return value === undefined ? undefined : read(new Reader(value, this.#at(key)));
  }

  object<T>(key: string, read: (reader: Reader) => T): T {
    return this.#required(key, this.optionalObject(key, read), 'an object');
  }

  optionalList<T>(key: string, read: (reader: Reader) => T): readonly T[] | undefined {
    return this.#values(key)?.map((item, index) => read(new Reader(item, `${this.#at(key)}[${index}]`)));
  }

  list<T>(key: string, read: (reader: Reader) => T): readonly T[] {
    return this.#required(key, this.optionalList(key, read), 'a list');
  }

  optionalStrings(key: string): readonly string[] | undefined {
    return this.#values(key)?.map((item, index) => {
      if (typeof item !== 'string') throw malformed(`${this.#at(key)}[${index}]`, 'a string', item);
      return item;
    });
  }

  optionalNumbers(key: string): readonly number[] | undefined {
    return this.#values(key)?.map((item, index) => {
      if (typeof item !== 'number') throw malformed(`${this.#at(key)}[${index}]`, 'a number', item);
      return item;
    });
  }

  optionalStringMap(key: string): Readonly<Record<string, string>> | undefined {
    return this.optionalObject(key, (reader) =>
      Object.fromEntries(reader.keys().map((name) => [name, reader.string(name)])),
    );
  }

  #values(key: string): readonly unknown[] | undefined {
    const value = this.raw(key);
    if (value === undefined || Array.isArray(value)) return value;
    throw malformed(this.#at(key), 'a list', value);
  }

  #at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  #required<T>(key: string, value: T | undefined, expected: string): T {
    if (value === undefined) throw malformed(this.#at(key), expected, undefined);
    return value;
  }
}

/** What was read does not fit, or asks for what this agent cannot do; the message names the member. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

function malformed(path: string, expected: string, value: unknown): MalformedError {
  const found = value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
  return new MalformedError(`${path === '' ? 'message' : path} should be ${expected} but is ${found}`);
}

/** JSON text to a value; undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The members that are there: what `exactOptionalPropertyTypes` asks for, from values that may be undefined. */
export function given<T extends object>(members: T): Given<T> {
  const kept: Record<string, unknown> = {};
  for (const name in members) if (members[name] !== undefined) kept[name] = members[name];
  // The one place where the type system can't follow: without its undefined members it is what Given says.
  return kept as Given<T>;
}

export type Given<T> = {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
} & { [K in keyof T as undefined extends T[K] ? never : K]: T[K] };
