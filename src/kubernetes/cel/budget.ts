import type { ASTNode, Environment } from '@marcbachmann/cel-js';
import { matches, stepsOf } from '../custom-resources/schema/patterns.ts';
import { CelError } from './cel-error.ts';

/** What the evaluation of expressions may cost: a unit is about a step, as upstream counts. */
export interface Budget {
  /** Of one expression. */
  readonly perCall: number;
  /** Of all that are evaluated for one request; counts down. */
  left: number;
}

/** As upstream bounds them. */
export const callLimit = 1_000_000;
export const totalLimit = 10_000_000;

/** An expression takes more than it may. */
export class CostLimitError extends CelError {
  override readonly name = 'CostLimitError';
  readonly isTotal: boolean;

  constructor(isTotal: boolean) {
    super(isTotal ? 'running out of cost budget' : 'call cost exceeds limit');
    this.isTotal = isTotal;
  }
}

/** The library's evaluator, as far as it is met here: all parts of an expression are evaluated through `run`. */
interface Evaluator {
  run(ast: Evaluable, context: unknown): unknown;
}

type Evaluable = ASTNode & { evaluate(evaluator: Evaluator, ast: Evaluable, context: unknown): unknown };

const probe = 'catamaran_evaluator';

/** Lets an environment, before anything is cloned of it, hand out its evaluator. */
export function withProbe(environment: Environment, onEvaluator: (evaluator: unknown) => void): void {
  environment.registerFunction(`${probe}(): bool`, function (this: unknown) {
    onEvaluator(this);
    return true;
  });
}

/** What goes through its operands as a whole. */
const traversing = new Set(['!=', '==', 'call', 'in', 'rcall']);

/** A measurement under way. Evaluation waits for nobody, so there is one at a time. */
interface Measurement {
  used: number;
  readonly limit: number;
  /** The limit is what is left of all, not that of one expression. */
  readonly isTotal: boolean;
  exceeded: CostLimitError | undefined;
  operands: unknown[] | undefined;
}

let current: Measurement | undefined;

function charge(cost: number): void {
  if (current === undefined) return;
  current.used += cost;
  if (current.used <= current.limit) return;
  current.exceeded ??= new CostLimitError(current.isTotal);
  throw current.exceeded;
}

/**
 * The library has no limit of its own for evaluation, but one method through which every part of an expression is evaluated:
 * that one counts from now on. It also takes over `matches`, which would be matched by an engine that goes back and forth.
 */
export function countEvaluation(evaluator: unknown): void {
  (evaluator as Evaluator).run = function (ast, context) {
    charge(1);
    const outer = current?.operands;
    const operands: unknown[] | undefined = traversing.has(ast.op) ? [] : undefined;
    if (current !== undefined) current.operands = operands;
    try {
      const result =
        matchesOf(this, ast, context) ?? (roots.get(ast) ?? ast.evaluate).call(ast, this, ast, context);
      for (const operand of operands ?? []) charge(sizeOf(operand, mostLeft()));
      if (ast.op === '+') charge(sizeOf(result, 0));
      outer?.push(result);
      return result;
    } finally {
      if (current !== undefined) current.operands = outer;
    }
  };
}

/** How the outermost parts of expressions are evaluated. */
const roots = new WeakMap<Evaluable, Evaluable['evaluate']>();

/** The outermost part is the only one that the library evaluates without its evaluator: from now on it counts as well. */
export function countRoot(root: ASTNode): void {
  const ast = root as Evaluable;
  if (roots.has(ast)) return;
  roots.set(ast, ast.evaluate);
  Object.defineProperty(ast, 'evaluate', {
    get: () => (evaluator: Evaluator, own: Evaluable, context: unknown) => evaluator.run(own, context),
    // The library settles how a part is evaluated when that is done for the first time.
    set: (evaluate: Evaluable['evaluate']) => roots.set(ast, evaluate),
  });
}

const mostLeft = (): number => (current === undefined ? 0 : current.limit - current.used);

/**
 * Evaluates within a budget. What is evaluated meanwhile, such as a variable that is named, counts as a part of it.
 * @throws {CostLimitError}
 */
export function measured<T>(budget: Budget, evaluate: () => T): T {
  if (current !== undefined) return evaluate();
  const limit = Math.min(budget.perCall, budget.left);
  const own: Measurement = {
    ...{ used: 0, limit, isTotal: budget.left < budget.perCall },
    ...{ exceeded: undefined, operands: undefined },
  };
  current = own;
  try {
    const result = evaluate();
    // A logical operator may have taken the limit for an error of one of its sides.
    if (own.exceeded !== undefined) throw own.exceeded;
    return result;
  } catch (error) {
    throw own.exceeded ?? error;
  } finally {
    current = undefined;
    budget.left -= Math.min(own.used, own.limit);
  }
}

/** `text.matches(pattern)` by RE2; undefined: it is another call. */
function matchesOf(evaluator: Evaluator, ast: Evaluable, context: unknown): boolean | undefined {
  if (ast.op !== 'rcall' || ast.args[0] !== 'matches' || ast.args[2].length !== 1) return undefined;
  const [, receiver, [pattern]] = ast.args;
  const text = evaluator.run(receiver as Evaluable, context);
  const wanted = evaluator.run(pattern as Evaluable, context);
  if (typeof text !== 'string' || typeof wanted !== 'string')
    throw new CelError("found no matching overload for 'matches'");
  chargeMatching(text.length, wanted);
  return matches(wanted, text);
}

/**
 * What looking for a pattern in a text costs: as upstream counts, or more where the pattern is a longer program than it looks.
 * @throws {CelError} it is no pattern. @throws {CostLimitError}
 */
export function chargeMatching(length: number, pattern: string): void {
  charge(10 + (length * Math.max(1, pattern.length, patternSteps(pattern) / 2)) / 40);
}

/** What going on from one match to the next costs, with so much of the text left. @throws {CostLimitError} */
export const chargeNextMatch = (left: number): void => charge(1 + left / 10);

function patternSteps(pattern: string): number {
  try {
    return stepsOf(pattern);
  } catch (cause) {
    throw new CelError(`invalid regular expression: ${pattern}`, { cause });
  }
}

/** A tenth of the characters of texts, and one for each part of lists and objects, up to `most`. */
function sizeOf(value: unknown, most: number): number {
  if (typeof value === 'string') return value.length / 10;
  if (Array.isArray(value)) {
    let size = value.length / 10;
    for (const item of value) {
      if (size > most) break;
      if (typeof item === 'object') size += sizeOf(item, most - size);
    }
    return size;
  }
  if (value instanceof Uint8Array) return value.length / 10;
  if (typeof value !== 'object' || value === null) return 0;
  let size = 0;
  for (const member of value instanceof Map ? value.values() : Object.values(value)) {
    if (size > most) break;
    size += 0.1 + sizeOf(member, most - size);
  }
  return size;
}
