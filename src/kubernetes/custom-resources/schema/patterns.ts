import { RE2JS } from 're2js';

/** The patterns in use, compiled; the oldest go when there are too many. */
const compiled = new Map<string, RE2JS>();
const maxCompiled = 2_000;

/** Go's regular expressions, which take time in proportion to the text whatever they say. @throws what is wrong with it. */
export function patternOf(pattern: string): RE2JS {
  const found = compiled.get(pattern);
  if (found !== undefined) return found;
  const made = RE2JS.compile(pattern);
  const [oldest] = compiled.keys();
  if (compiled.size >= maxCompiled && oldest !== undefined) compiled.delete(oldest);
  compiled.set(pattern, made);
  return made;
}

/** About how many steps each character of a text may take: `(x{0,30}){0,30}` is short and takes thousands. */
export const stepsOf = (pattern: string): number => patternOf(pattern).programSize();

/** Whether a text has a match of a pattern anywhere. */
export const matches = (pattern: string, text: string): boolean => patternOf(pattern).matcher(text).find();
