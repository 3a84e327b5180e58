import { type FieldError, forbiddenField } from '../../apiserver/status.ts';
import { plus, times } from './amounts.ts';
import { mostInRequest, type SizedType } from './sizes.ts';

/** Of one expression, as often as there may be something for it to be about; as upstream bounds it. */
const expressionLimit = 10_000_000;
/** Of all of a schema. */
const schemaLimit = 100_000_000;
/** What takes less of the whole is not told. */
const leastTold = schemaLimit / 100;
const mostTold = 4;

const advice =
  'try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared';

/** How often there may be a value of a place in an object; undefined: nothing around it has a bound. */
export type Cardinality = number | undefined;

/** Gathers what the expressions of a schema may cost, in upstream's words. */
export class EstimatedCosts {
  readonly #told: { readonly path: string; readonly cost: number }[] = [];
  #total = 0;

  /** Of a rule, for each value that it is evaluated for. @returns what is wrong with it. */
  rule(path: string, cost: number, type: SizedType, cardinality: Cardinality): readonly FieldError[] {
    return this.#observe(path, 'estimated rule cost', times(cost, cardinality ?? mostInRequest(type)));
  }

  /** Of a message, which is made once. */
  message(path: string, cost: number): readonly FieldError[] {
    return this.#observe(path, 'estimated messageExpression cost', cost);
  }

  /** @param at Where the schema stands. */
  errors(at: string): readonly FieldError[] {
    if (this.#total <= schemaLimit) return [];
    const most = this.#told.toSorted((one, other) => other.cost - one.cost).slice(0, mostTold);
    return [
      ...most.map(({ path }) =>
        forbiddenField(
          path,
          'contributed to estimated rule & messageExpression cost total exceeding cost limit for entire OpenAPIv3 schema',
        ),
      ),
      tooCostly(
        at,
        'x-kubernetes-validations estimated rule & messageExpression cost total for entire OpenAPIv3 schema',
        this.#total,
        schemaLimit,
      ),
    ];
  }

  #observe(path: string, what: string, cost: number): readonly FieldError[] {
    this.#total = plus(this.#total, cost);
    if (cost >= leastTold) this.#told.push({ path, cost });
    return cost > expressionLimit ? [tooCostly(path, what, cost, expressionLimit)] : [];
  }
}

function tooCostly(path: string, what: string, cost: number, limit: number): FieldError {
  return forbiddenField(path, `${what} exceeds budget by factor of ${factorText(cost / limit)} (${advice})`);
}

/** Nobody is told of a factor of `1.0x`. */
function factorText(factor: number): string {
  if (factor > 100) return 'more than 100x';
  return `${factor.toFixed(factor < 1.5 ? 6 : 1)}x`;
}
