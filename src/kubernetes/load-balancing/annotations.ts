import { ModelError } from './model.ts';

/** Annotations of the AWS Load Balancer Controller, by what follows their prefix. */
export class Annotations {
  readonly #prefixes: readonly string[];
  readonly #of: readonly Readonly<Record<string, string>>[];

  /**
   * @param prefixes E.g. `alb.ingress.kubernetes.io/`; an earlier one wins.
   * @param of Of objects; an earlier object's win.
   */
  constructor(prefixes: readonly string[], of: readonly (Readonly<Record<string, string>> | undefined)[]) {
    this.#prefixes = prefixes;
    this.#of = of.map((each) => each ?? {});
  }

  text(name: string): string | undefined {
    for (const annotations of this.#of) {
      for (const prefix of this.#prefixes) {
        const value = annotations[prefix + name];
        if (value !== undefined) return value.trim();
      }
    }
    return undefined;
  }

  /** Those that begin so, in the order in which they stand. */
  namesBeginning(beginning: string): readonly string[] {
    const all = this.#of.flatMap(Object.keys);
    return this.#prefixes.flatMap((prefix) =>
      all.flatMap((each) => (each.startsWith(prefix + beginning) ? [each.slice(prefix.length)] : [])),
    );
  }

  /**
   * Whoever asks for what is not here is told so; that it is not to be is no asking.
   * @param reasons By beginnings of names. @throws {ModelError}
   */
  refuse(reasons: Readonly<Record<string, string>>): void {
    for (const [beginning, why] of Object.entries(reasons)) {
      const asked = this.namesBeginning(beginning).find((name) => this.text(name) !== 'false');
      if (asked !== undefined) throw this.invalid(asked, `it is not supported: ${why}`);
    }
  }

  /** @throws {ModelError} it is none of them. */
  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = values.find((each) => each.toLowerCase() === text.toLowerCase());
    if (value === undefined) throw this.invalid(name, `${text} is none of ${values.join(', ')}`);
    return value;
  }

  /** @throws {ModelError} */
  integer(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (!/^\d{1,9}$/.test(text)) throw this.invalid(name, `${text} is no whole number`);
    return Number(text);
  }

  /** @throws {ModelError} */
  flag(name: string): boolean | undefined {
    const text = this.oneOf(name, ['true', 'false']);
    return text === undefined ? undefined : text === 'true';
  }

  /** Separated by commas. */
  list(name: string): readonly string[] | undefined {
    const items = this.text(name)
      ?.split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
    return items === undefined || items.length === 0 ? undefined : items;
  }

  /** `a=1,b=2`. @throws {ModelError} */
  pairs(name: string): Readonly<Record<string, string>> {
    const entries = (this.list(name) ?? []).map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw this.invalid(name, `${pair} should have the form key=value`);
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
    });
    return Object.fromEntries(entries);
  }

  /** @throws {ModelError} it is no JSON. */
  json(name: string): unknown {
    const text = this.text(name);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text);
    } catch {
      throw this.invalid(name, 'it is not valid JSON');
    }
  }

  invalid(name: string, why: string): ModelError {
    return new ModelError(`invalid annotation ${this.#prefixes[0]}${name}: ${why}`);
  }
}
