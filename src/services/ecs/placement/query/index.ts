/**
 * The cluster query language: expressions over container instances, in `memberOf` placement constraints and in
 * the `filter` of ListContainerInstances. `parse.ts` makes a tree of the text, `compile.ts` a function of the tree.
 */
import { compileExpression, type Predicate } from './compile.ts';
import { parseExpression, QueryError } from './parse.ts';

export type { InstanceFacts, Predicate } from './compile.ts';

/** Launches ask the same few over and over; the least recently asked goes first. */
const maxCached = 1_000;
const compiled = new Map<string, Predicate>();

/** @throws {QueryError} the text is no expression; its message completes "... is not valid: ". */
export function compileQuery(text: string): Predicate {
  const known = compiled.get(text);
  const predicate = known ?? compileExpression(parseExpression(text));
  compiled.delete(text);
  compiled.set(text, predicate);
  const [oldest] = compiled.keys();
  if (compiled.size > maxCached && oldest !== undefined) compiled.delete(oldest);
  return predicate;
}

/** What is wrong with an expression, to complete "... is not valid: "; undefined when nothing is. */
export function queryFault(text: string): string | undefined {
  try {
    compileQuery(text);
    return undefined;
  } catch (error) {
    if (error instanceof QueryError) return error.message;
    throw error;
  }
}
