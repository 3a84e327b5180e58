import type { IntOrString } from './objects.ts';

/** A number itself, or that share of `total`; what is neither counts as 0. */
export function scaled(value: IntOrString | undefined, total: number, round: 'down' | 'up'): number {
  if (typeof value === 'number') return value;
  const percent = /^(\d+)%$/.exec(value ?? '')?.[1];
  if (percent === undefined) return 0;
  // Multiplied before it is divided, as 0.07 * 100 is more than 7.
  const share = (Number(percent) * total) / 100;
  return round === 'up' ? Math.ceil(share) : Math.floor(share);
}
