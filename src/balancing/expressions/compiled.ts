import { RE2JS } from 're2js';
import { refuseExponential } from './ambiguity.ts';
import { ExpressionError, expressionText } from './expression.ts';
import { parseExpression } from './parse.ts';

/** Those in use; the oldest go when there are too many. */
const compiled = new Map<string, RE2JS>();
const mostCompiled = 2_000;
/** Written out: lines of configurations have an end. */
const mostBytes = 8_000;

/**
 * What both data planes take. @returns how many captures it has.
 * @throws {ExpressionError}
 */
export function checkExpression(text: string): { readonly captures: number } {
  const { expression, captures } = parseExpression(text);
  refuseExponential(expression);
  if (expressionText(expression).length > mostBytes) throw new ExpressionError('it is too large');
  return { captures };
}

/** In the words of RE2 and PCRE2: see `expressionText`. @throws {ExpressionError} */
export function plainExpression(text: string): string {
  return expressionText(parseExpression(text).expression);
}

/** Whether a text has a match anywhere; in time in proportion to it, whatever the expression. */
export function matchesExpression(expression: string, text: string): boolean {
  return compiledOf(expression).matcher(text).find();
}

export interface FoundMatch {
  readonly start: number;
  readonly end: number;
  /** Of captures by their numbers: nothing where one took no part. */
  readonly group: (number: number) => string;
}

/** The first one. Undefined: there is none. */
export function findExpression(expression: string, text: string): FoundMatch | undefined {
  const matcher = compiledOf(expression).matcher(text);
  if (!matcher.find()) return undefined;
  return { start: matcher.start(), end: matcher.end(), group: (number) => matcher.group(number) ?? '' };
}

function compiledOf(expression: string): RE2JS {
  const found = compiled.get(expression);
  if (found !== undefined) return found;
  const made = RE2JS.compile(plainExpression(expression));
  const [oldest] = compiled.keys();
  if (compiled.size >= mostCompiled && oldest !== undefined) compiled.delete(oldest);
  compiled.set(expression, made);
  return made;
}
