import type { Random } from '../../clock/index.ts';

const length = 5;
/** Without vowels and what looks alike, as upstream: no words come of it. */
const letters = 'bcdfghjklmnpqrstvwxz2456789';
/** A label of DNS has 63 characters. */
const longestPrefix = 58;

/** Of `web-` for example `web-x7k2q`. */
export function generatedName(random: Random, prefix: string): string {
  let name = prefix.slice(0, longestPrefix);
  for (let place = 0; place < length; place++) name += letters[random.integer(letters.length)];
  return name;
}
