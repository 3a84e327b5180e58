import { invalidParameter } from '../errors.ts';

/** @throws InvalidParameterException `value` is none of the words that the parameter can have. */
export function requireChoice(parameter: string, value: string, choices: readonly string[]): void {
  if (!choices.includes(value))
    throw invalidParameter(`Invalid ${parameter} '${value}'. It must be one of [${choices.join(', ')}].`);
}
