import type { Refusal } from '../protocols/index.ts';

/** What a service asks of a member (its API reference), checked in this order. */
export interface TextConstraint {
  readonly isRequired?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  /** As AWS prints it; it must match the whole value. */
  readonly pattern?: string;
  readonly oneOf?: readonly string[];
}

export interface NumberConstraint {
  readonly min?: number;
  readonly max?: number;
}

/**
 * Gathers every violation of a request's constraints and refuses them together, in AWS's words:
 * `2 validation errors detected: Value 'x' at 'logGroupName' failed to satisfy constraint: ...; Value ...`.
 */
export class Constraints {
  readonly #violations: string[] = [];
  readonly #refuse: (message: string) => Refusal;

  /** @param refuse The service's own error for it. */
  constructor(refuse: (message: string) => Refusal) {
    this.#refuse = refuse;
  }

  text(path: string, value: string | undefined, constraint: TextConstraint): this {
    if (value === undefined) {
      if (constraint.isRequired) this.#violate('null', path, 'Member must not be null');
      return this;
    }
    const { minLength, maxLength, pattern, oneOf } = constraint;
    const shown = quote(value);
    if (oneOf && !oneOf.includes(value)) {
      this.#violate(shown, path, `Member must satisfy enum value set: [${oneOf.join(', ')}]`);
    }
    if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`, 'u').test(value)) {
      this.#violate(shown, path, `Member must satisfy regular expression pattern: ${pattern}`);
    }
    if (minLength !== undefined && value.length < minLength) {
      this.#violate(shown, path, `Member must have length greater than or equal to ${minLength}`);
    }
    if (maxLength !== undefined && value.length > maxLength) {
      this.#violate(shown, path, `Member must have length less than or equal to ${maxLength}`);
    }
    return this;
  }

  number(path: string, value: number | undefined, { min, max }: NumberConstraint): this {
    if (value === undefined) return this;
    if (min !== undefined && value < min) {
      this.#violate(quote(String(value)), path, `Member must have value greater than or equal to ${min}`);
    }
    if (max !== undefined && value > max) {
      this.#violate(quote(String(value)), path, `Member must have value less than or equal to ${max}`);
    }
    return this;
  }

  list(path: string, value: readonly unknown[] | undefined, { min, max }: NumberConstraint): this {
    if (value === undefined) return this;
    const shown = quote(value.length === 0 ? '[]' : `[${value.length} members]`);
    if (min !== undefined && value.length < min) {
      this.#violate(shown, path, `Member must have length greater than or equal to ${min}`);
    }
    if (max !== undefined && value.length > max) {
      this.#violate(shown, path, `Member must have length less than or equal to ${max}`);
    }
    return this;
  }

  /** @throws {Refusal} naming all violations. */
  throwIfViolated(): void {
    const count = this.#violations.length;
    if (count === 0) return;
    const heading = `${count} validation error${count === 1 ? '' : 's'} detected: `;
    throw this.#refuse(heading + this.#violations.join('; '));
  }

  #violate(value: string, path: string, constraint: string): void {
    // A handful says enough, and a request with ten thousand bad events gets an answer of bounded length.
    if (this.#violations.length < 20) {
      this.#violations.push(`Value ${value} at '${path}' failed to satisfy constraint: ${constraint}`);
    }
  }
}

function quote(value: string): string {
  return `'${value.length > 600 ? `${value.slice(0, 600)}...` : value}'`;
}
