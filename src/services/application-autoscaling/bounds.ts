import { validation } from './errors.ts';

/** What is wrong with the bounds of a target; undefined: nothing. */
export function boundsFault(minCapacity: number, maxCapacity: number): string | undefined {
  if (minCapacity < 0 || maxCapacity < 0) return 'Minimum and maximum capacity cannot be less than 0';
  return maxCapacity < minCapacity ? 'Maximum capacity cannot be less than minimum capacity' : undefined;
}

/** @throws ValidationException */
export function checkBounds(minCapacity: number, maxCapacity: number): void {
  const fault = boundsFault(minCapacity, maxCapacity);
  if (fault !== undefined) throw validation(fault);
}
