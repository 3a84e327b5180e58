import { constants } from 'node:os';

const names = new Map(Object.entries(constants.errno).map(([name, number]) => [number as number, name]));
// The kernel's own, which Node does not know.
names.set(95, 'EOPNOTSUPP');

/** `ENODEV` of 19. */
export function errnoName(number: number): string {
  return names.get(number) ?? `errno ${number}`;
}
