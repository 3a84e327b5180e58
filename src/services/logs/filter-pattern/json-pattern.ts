import { type Condition, scanCondition, scanOperator } from './condition.ts';
import type { Matcher } from './matcher.ts';
import { Scanner } from './scanner.ts';

type JsonMatcher = (root: unknown) => boolean;

/** One step of a selector: a member, an element, or every element. */
type SelectorStep = string | number | typeof everyElement;

const everyElement = Symbol('every element');

const maxDepth = 50;

/**
 * Patterns over messages that are JSON objects or arrays:
 *
 *     { ($.user.id = 1 || $.tags[0] = "a*") && $.latency >= 1e3 && $.error NOT EXISTS }
 *
 *     expression = and { "||" and } ; and = primary { "&&" primary }
 *     primary    = "(" expression ")" | selector ( operator value | "IS" ("NULL"|"TRUE"|"FALSE") | "NOT EXISTS" )
 *
 * A comparison with something that is not there, or is an object or an array, is false; also `!=`.
 */
export function parseJsonPattern(pattern: string): Matcher {
  const scanner = new Scanner(pattern);
  scanner.expect('{');
  const matches = scanExpression(scanner, 0);
  scanner.skipSpaces();
  scanner.expect('}');
  scanner.skipSpaces();
  if (!scanner.isAtEnd) throw scanner.error('nothing may follow the closing bracket');
  return (message) => {
    const root = parseJson(message);
    return root !== undefined && matches(root);
  };
}

function scanExpression(scanner: Scanner, depth: number): JsonMatcher {
  if (depth > maxDepth) throw scanner.error('the parentheses are nested too deeply');
  const alternatives = [scanConjunction(scanner, depth)];
  for (scanner.skipSpaces(); scanner.accept('||'); scanner.skipSpaces()) {
    alternatives.push(scanConjunction(scanner, depth));
  }
  return (root) => alternatives.some((matches) => matches(root));
}

function scanConjunction(scanner: Scanner, depth: number): JsonMatcher {
  const parts = [scanPrimary(scanner, depth)];
  for (scanner.skipSpaces(); scanner.accept('&&'); scanner.skipSpaces()) {
    parts.push(scanPrimary(scanner, depth));
  }
  return (root) => parts.every((matches) => matches(root));
}

function scanPrimary(scanner: Scanner, depth: number): JsonMatcher {
  scanner.skipSpaces();
  if (scanner.accept('(')) {
    const inner = scanExpression(scanner, depth + 1);
    scanner.skipSpaces();
    scanner.expect(')');
    return inner;
  }
  const steps = scanSelector(scanner);
  scanner.skipSpaces();
  if (scanner.take(/IS\b/iy)) {
    scanner.skipSpaces();
    const word = scanner.take(/NULL\b|TRUE\b|FALSE\b/iy)?.toUpperCase();
    if (word === undefined) throw scanner.error('IS is followed by NULL, TRUE or FALSE');
    const wanted = word === 'NULL' ? null : word === 'TRUE';
    return (root) => select(root, steps).some((value) => value === wanted);
  }
  if (scanner.take(/NOT\s+EXISTS\b/iy)) return (root) => select(root, steps).length === 0;
  if (scanner.take(/EXISTS\b/iy)) return (root) => select(root, steps).length > 0;
  const operator = scanOperator(scanner);
  if (operator === undefined) throw scanner.error('expected =, !=, <, >, <=, >=, IS or NOT EXISTS');
  scanner.skipSpaces();
  const condition = scanCondition(scanner, operator, /[^\s"(){}|&]+/y);
  return (root) => select(root, steps).some((value) => holds(condition, value));
}

/** `$.a.b[0]`, `$['a b'].c`, `$.list[*]`, `$[0]`. */
function scanSelector(scanner: Scanner): readonly SelectorStep[] {
  scanner.expect('$');
  const steps: SelectorStep[] = [];
  while (true) {
    if (scanner.accept('.')) {
      if (scanner.rest.startsWith('[')) continue;
      const name = scanner.take(/[\p{L}\p{N}_\-@#/:]+/uy);
      if (name === undefined) throw scanner.error("a member's name is missing");
      steps.push(name);
    } else if (scanner.accept('[')) {
      const name = scanner.quoted() ?? scanner.take(/'[^']*'/y)?.slice(1, -1);
      const index = name ?? scanner.take(/\d+|\*/y);
      if (index === undefined) throw scanner.error('an index is missing');
      scanner.expect(']');
      steps.push(name ?? (index === '*' ? everyElement : Number(index)));
    } else {
      return steps;
    }
  }
}

/** The values that a selector leads to: none or one, several only with `[*]`. */
function select(root: unknown, steps: readonly SelectorStep[]): readonly unknown[] {
  let values: readonly unknown[] = [root];
  for (const step of steps) {
    values = values.flatMap((value) => {
      if (Array.isArray(value)) {
        if (step === everyElement) return value;
        return typeof step === 'number' && step < value.length ? [value[step]] : [];
      }
      if (typeof value !== 'object' || value === null || typeof step !== 'string') return [];
      return Object.hasOwn(value, step) ? [Reflect.get(value, step)] : [];
    });
  }
  return values;
}

function holds(condition: Condition, value: unknown): boolean {
  if (typeof value === 'number') return condition(String(value), value);
  if (typeof value === 'string') return condition(value, undefined);
  if (typeof value === 'boolean') return condition(String(value), undefined);
  return false;
}

/** Objects and arrays only; undefined for any other text. */
function parseJson(message: string): unknown {
  if (!/^\s*[{[]/.test(message)) return undefined;
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}
