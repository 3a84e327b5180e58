import { unsupported } from '../errors.ts';

/**
 * @param what They ask for, e.g. `IPv6 is`.
 * @param names Of members that can't be carried out: absent, `false` and empty lists ask for nothing.
 * @throws UnsupportedOperation
 */
export function refuseMembers<Input extends object>(
  input: Input,
  what: string,
  names: readonly (keyof Input & string)[],
): void {
  for (const name of names) {
    const value: unknown = input[name];
    if (value === undefined || value === false || (Array.isArray(value) && value.length === 0)) continue;
    throw unsupported(`${name}: ${what}`);
  }
}
