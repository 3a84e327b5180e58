import type { Refusal } from '../../../protocols/index.ts';
import { clientError } from '../errors.ts';

/** The rules that many fields of a task definition share. Each throws a ClientException that names the field. */

export function requireOneOf(field: string, value: string | undefined, allowed: readonly string[]): void {
  if (value === undefined || allowed.includes(value)) return;
  throw clientError(`Invalid value '${value}' for ${field}. Must be one of [${allowed.join(', ')}].`);
}

/** The largest number that the API's type Integer can hold. */
export const maxInteger = 2_147_483_647;

export function requireInteger(
  field: string,
  value: number | undefined,
  { min, max = maxInteger }: { readonly min: number; readonly max?: number },
): void {
  if (value === undefined) return;
  if (Number.isInteger(value) && value >= min && value <= max) return;
  const range = max === maxInteger && value <= max ? `at least ${min}` : `between ${min} and ${max}`;
  throw clientError(`Invalid value ${value} for ${field}. Must be an integer ${range}.`);
}

export function requireText(field: string, value: string | undefined): void {
  if (value === undefined || value === '') throw clientError(`${field} should not be null or empty.`);
}

/** @returns the first value that occurs a second time. */
export function firstDuplicate<T>(values: Iterable<T>): T | undefined {
  const seen = new Set<T>();
  for (const value of values) {
    if (seen.has(value)) return value;
    seen.add(value);
  }
  return undefined;
}

export function invalidSetting(container: string | undefined, rule: string): Refusal {
  return clientError(`Invalid setting for container '${container}'. ${rule}`);
}

/** A role's short name or ARN. */
export function isRole(role: string): boolean {
  return /^(arn:aws[a-z-]*:iam::\d{12}:role\/([\w+=,.@-]+\/)*)?[\w+=,.@-]{1,64}$/.test(role);
}
