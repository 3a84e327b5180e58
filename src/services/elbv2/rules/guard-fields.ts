import type { Refusal } from '../../../protocols/index.ts';
import { invalidLoadBalancerAction } from '../errors.ts';

export const missingConfig = (type: string, field: string): Refusal =>
  invalidLoadBalancerAction(
    `For actions of type '${type}', you must specify the following fields: '${field}'`,
  );

/** @throws InvalidLoadBalancerAction */
export function guardText(field: string, given: string | undefined, max: number): string {
  if (given === undefined || given === '' || given.length > max)
    throw invalidLoadBalancerAction(`The '${field}' field must be between 1 and ${max} characters in length`);
  if (/\p{Cc}/u.test(given))
    throw invalidLoadBalancerAction(`The '${field}' field cannot contain control characters`);
  return given;
}

/** "This must be a full URL, including the HTTPS protocol, the domain, and the path." @throws InvalidLoadBalancerAction */
export function guardUrl(field: string, given: string | undefined, max: number): string {
  const value = guardText(field, given, max);
  const isFull = /^https:\/\//i.test(value) && URL.canParse(value);
  if (!isFull || new URL(value).username !== '' || value.includes('#') || /[^\x21-\x7e]/.test(value))
    throw invalidLoadBalancerAction(`The '${field}' field must be a valid HTTPS URL`);
  return value;
}
