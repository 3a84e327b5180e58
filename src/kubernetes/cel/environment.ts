import { type ASTNode, Environment, type ParseResult } from '@marcbachmann/cel-js';
import { type Budget, countEvaluation, countRoot, measured, withProbe } from './budget.ts';
import { CelError } from './cel-error.ts';
import { compileErrorText } from './compile-errors.ts';
import { estimatedCost } from './cost/estimate.ts';
import type { SizedType } from './cost/sizes.ts';
import { withCheckedOptionalFields, withCheckedPresence, wrongMapKey } from './field-checks.ts';
import { addAddresses } from './library/addresses.ts';
import { checkedByAmended } from './library/amend.ts';
import { addConversions } from './library/conversions.ts';
import { addFormats } from './library/formats.ts';
import { addLists } from './library/lists.ts';
import { addMacros } from './library/macros.ts';
import { addNumbersOfTexts } from './library/numbers-of-texts.ts';
import { addQuantities } from './library/quantities.ts';
import { addSemver } from './library/semver.ts';
import { addTexts } from './library/texts.ts';
import { addUrls } from './library/urls.ts';
import { nodesIn } from './nodes.ts';
import { withoutOptionalEntries } from './optional-literals.ts';

/** Longer than any that people write. */
const maxLength = 20_000;
const limits = { maxAstNodes: 5_000, maxDepth: 100, maxListElements: 1_000, maxMapEntries: 1_000 };

/** An expression, known to be of its type. */
export interface Program {
  /** Which variables it names. */
  readonly names: ReadonlySet<string>;
  /** What evaluating it costs at most. @param root How large `self` may be. */
  cost(root: SizedType): number;
  /** @throws {CelError} */
  evaluate(variables: Readonly<Record<string, unknown>>, budget: Budget): unknown;
}

/** The evaluator that the probe has handed out last: probing is one synchronous call. */
let handedOut: unknown;

/** CEL with what Kubernetes adds to it. */
const base = kubernetesEnvironment();

function kubernetesEnvironment(): Environment {
  const environment = new Environment({
    ...{ enableOptionalTypes: true, homogeneousAggregateLiterals: false, limits },
  });
  withProbe(environment, (evaluator) => {
    handedOut = evaluator;
  });
  const libraries = [
    addMacros,
    addLists,
    addTexts,
    addUrls,
    addQuantities,
    addAddresses,
    addConversions,
    addNumbersOfTexts,
    addFormats,
    addSemver,
  ];
  for (const add of libraries) add(environment);
  return environment;
}

/** Declares types and variables; what is declared stays among those who compile with it. */
export class CelEnvironment {
  readonly #environment: Environment;
  #isCounting = false;

  private constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** @param declare Types, functions and variables of its own. */
  static open(declare: (environment: Environment) => void): CelEnvironment {
    const environment = base.clone();
    declare(environment);
    return new CelEnvironment(environment);
  }

  /** With these besides. */
  with(declare: (environment: Environment) => void): CelEnvironment {
    const environment = this.#environment.clone();
    declare(environment);
    return new CelEnvironment(environment);
  }

  /**
   * @param types That it may have, e.g. `bool`; none: any.
   * @throws {CelError} it is no expression, or of another type.
   */
  compile(expression: string, types: readonly string[]): Program {
    if (expression.length > maxLength)
      throw new CelError(`expression is longer than ${maxLength} characters`);
    const read = withoutOptionalEntries(expression);
    const parsed = this.#parse(expression, read);
    withCheckedPresence(parsed.ast);
    withCheckedOptionalFields(parsed.ast);
    const { valid, type = '', error } = checkedByAmended(parsed.ast, () => parsed.check());
    if (!valid) throw this.#notCompiled(expression, read, error);
    const wrongKey = wrongMapKey(parsed.ast);
    if (wrongKey !== undefined) throw this.#notCompiled(expression, read, wrongKey);
    if (types.length > 0 && type !== 'dyn' && !types.includes(type))
      throw new CelError(`must evaluate to ${types.join(' or ')}`);
    countRoot(parsed.ast);
    return {
      names: namesIn(parsed.ast),
      cost: (root) => estimatedCost(parsed.ast, root),
      evaluate: (variables, budget) => {
        try {
          this.#count();
          return measured(budget, () => parsed(variables));
        } catch (error) {
          throw error instanceof CelError ? error : new CelError(messageOf(error), { cause: error });
        }
      },
    };
  }

  #count(): void {
    if (this.#isCounting) return;
    this.#environment.evaluate('catamaran_evaluator()', {});
    countEvaluation(handedOut);
    this.#isCounting = true;
  }

  #notCompiled(written: string, read: string, cause: unknown): CelError {
    const isFunction = (name: string): boolean =>
      this.#environment.getDefinitions().functions.some((it) => it.name === name);
    return new CelError(`compilation failed: ${compileErrorText(written, read, cause, isFunction)}`, {
      cause,
    });
  }

  #parse(written: string, read: string): ParseResult {
    try {
      return this.#environment.parse(read);
    } catch (error) {
      throw this.#notCompiled(written, read, error);
    }
  }
}

/** Why it could not be evaluated, and where. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { summary = error.message, node } = error as Error & {
    readonly summary?: string;
    readonly node?: { readonly pos: number };
  };
  return node === undefined ? summary : `<input>:1:${node.pos + 1}: ${summary}`;
}

const namesIn = (ast: ASTNode): ReadonlySet<string> =>
  new Set([...nodesIn(ast)].flatMap((part) => (part.op === 'id' ? [part.args] : [])));
