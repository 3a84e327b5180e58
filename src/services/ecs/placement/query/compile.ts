import type { Comparison, Expression, Subject } from './expression.ts';
import { compareVersions, compilePattern, parseCount, parseDate, parseVersion } from './values.ts';

/** What an expression can ask of a container instance. */
export interface InstanceFacts {
  readonly agentConnected: boolean;
  readonly agentVersion?: string;
  readonly ec2InstanceId?: string;
  /** Epoch milliseconds. */
  readonly registeredAt: number;
  readonly runningTasksCount: number;
  readonly attributes: ReadonlyMap<string, string | undefined>;
  /** The groups of the tasks that it has. */
  readonly groups: readonly { readonly group: string }[];
}

export type Predicate = (facts: InstanceFacts) => boolean;

/**
 * A parsed expression as a function. What an instance doesn't say of itself equals nothing, is in no list and is
 * neither more nor less; the negated operators are the exact opposites of the plain ones.
 */
export function compileExpression(expression: Expression): Predicate {
  switch (expression.type) {
    case 'and': {
      const terms = expression.terms.map(compileExpression);
      return (facts) => terms.every((term) => term(facts));
    }
    case 'or': {
      const terms = expression.terms.map(compileExpression);
      return (facts) => terms.some((term) => term(facts));
    }
    case 'not':
      return opposite(compileExpression(expression.term), true);
    case 'compare':
      return compileComparison(expression.subject, expression.operator, expression.value);
    case 'in': {
      const equal = expression.values.map((value) => compileComparison(expression.subject, '==', value));
      return opposite((facts) => equal.some((isEqual) => isEqual(facts)), expression.isNegated);
    }
    case 'matches': {
      const fits = compilePattern(expression.pattern);
      return opposite(someText(expression.subject, fits), expression.isNegated);
    }
    case 'exists': {
      const name = attributeName(expression.subject);
      return opposite(({ attributes }) => attributes.has(name), expression.isNegated);
    }
  }
}

function opposite(predicate: Predicate, isNegated: boolean): Predicate {
  return isNegated ? (facts) => !predicate(facts) : predicate;
}

function compileComparison(subject: Subject, operator: Comparison, value: string): Predicate {
  if (operator === '!=') return opposite(compileComparison(subject, '==', value), true);
  const difference = differenceFrom(subject, value);
  if (difference === undefined) return someText(subject, (text) => text === value);
  const holds = orders[operator];
  return (facts) => {
    const order = difference(facts);
    return order !== undefined && holds(order);
  };
}

const orders: Readonly<Record<Exclude<Comparison, '!='>, (difference: number) => boolean>> = {
  '==': (difference) => difference === 0,
  '>': (difference) => difference > 0,
  '>=': (difference) => difference >= 0,
  '<': (difference) => difference < 0,
  '<=': (difference) => difference <= 0,
};

/**
 * For subjects that have an order: how far an instance's is above the value; undefined when it has none. Dates
 * compare to the second, as they are written.
 */
function differenceFrom(
  subject: Subject,
  value: string,
): ((facts: InstanceFacts) => number | undefined) | undefined {
  switch (subject) {
    case 'agentVersion': {
      const wanted = parseVersion(value) ?? [];
      return ({ agentVersion }) => {
        const version = agentVersion === undefined ? undefined : parseVersion(agentVersion);
        return version && compareVersions(version, wanted);
      };
    }
    case 'registeredAt': {
      const wanted = parseDate(value) ?? Number.NaN;
      return ({ registeredAt }) => Math.floor(registeredAt / 1000) - wanted;
    }
    case 'runningTasksCount': {
      const wanted = parseCount(value) ?? Number.NaN;
      return ({ runningTasksCount }) => runningTasksCount - wanted;
    }
    case 'agentConnected':
    case 'ec2InstanceId':
    case 'task:group':
      return undefined;
    default: {
      const name = attributeName(subject);
      return ({ attributes }) => {
        const text = attributes.get(name);
        return text === undefined ? undefined : compareTexts(text, value);
      };
    }
  }
}

const number = /^-?\d{1,15}(?:\.\d{1,15})?$/;

/** Numbers by size where both are numbers and differ, else texts by their characters. */
function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  if (number.test(left) && number.test(right) && Number(left) !== Number(right))
    return Number(left) - Number(right);
  return left < right ? -1 : 1;
}

/** Whether one of the subject's texts is such. A group is one of several, everything else one or none. */
function someText(subject: Subject, is: (text: string) => boolean): Predicate {
  switch (subject) {
    case 'agentConnected':
      return ({ agentConnected }) => is(String(agentConnected));
    case 'ec2InstanceId':
      return ({ ec2InstanceId }) => ec2InstanceId !== undefined && is(ec2InstanceId);
    case 'task:group':
      return ({ groups }) => groups.some(({ group }) => is(group));
    case 'agentVersion':
      return ({ agentVersion }) => agentVersion !== undefined && is(agentVersion);
    case 'registeredAt':
      return ({ registeredAt }) => is(new Date(registeredAt).toISOString());
    case 'runningTasksCount':
      return ({ runningTasksCount }) => is(String(runningTasksCount));
    default: {
      const name = attributeName(subject);
      return ({ attributes }) => {
        const text = attributes.get(name);
        return text !== undefined && is(text);
      };
    }
  }
}

function attributeName(subject: Subject): string {
  return subject.slice('attribute:'.length);
}
