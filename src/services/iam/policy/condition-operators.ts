import { compileArnLike } from './arn-pattern.ts';
import { readIpRange } from './ip-range.ts';
import type { ContextSource } from './request.ts';
import { compileTemplate, type TemplateRules } from './template.ts';
import { readBinary, readBoolean, readDate, readNumber } from './values.ts';

/**
 * The condition operators without their prefixes and suffix (IAM user guide, "IAM JSON policy elements: Condition
 * operators"). Each is given as its positive form; `isNegated` turns it round, so that a value which can't be
 * read is never equal and always different.
 */
export interface Operator {
  readonly isNegated: boolean;
  /** @param hasVariables Whether the policy's version knows variables. Not all operators do. */
  compile(policyValue: string, hasVariables: boolean): ValueTest;
  /** Where IAM refuses a policy for a value that can't be read; elsewhere such a value just never matches. */
  accepts?(policyValue: string): boolean;
}

export type ValueTest = (requestValue: string, context: ContextSource) => boolean;

const never: ValueTest = () => false;

/** `Null` is none of them: it asks about the key, not about its values. */
export const nullOperator = 'Null';

const operators: Readonly<Record<string, Operator>> = {
  StringEquals: text({ hasWildcards: false }),
  StringNotEquals: negated(text({ hasWildcards: false })),
  StringEqualsIgnoreCase: text({ hasWildcards: false, ignoresCase: true }),
  StringNotEqualsIgnoreCase: negated(text({ hasWildcards: false, ignoresCase: true })),
  StringLike: text({ hasWildcards: true }),
  StringNotLike: negated(text({ hasWildcards: true })),
  NumericEquals: ordered(readNumber, (value, limit) => value === limit),
  NumericNotEquals: negated(ordered(readNumber, (value, limit) => value === limit)),
  NumericLessThan: ordered(readNumber, (value, limit) => value < limit),
  NumericLessThanEquals: ordered(readNumber, (value, limit) => value <= limit),
  NumericGreaterThan: ordered(readNumber, (value, limit) => value > limit),
  NumericGreaterThanEquals: ordered(readNumber, (value, limit) => value >= limit),
  DateEquals: date((value, limit) => value === limit),
  DateNotEquals: negated(date((value, limit) => value === limit)),
  DateLessThan: date((value, limit) => value < limit),
  DateLessThanEquals: date((value, limit) => value <= limit),
  DateGreaterThan: date((value, limit) => value > limit),
  DateGreaterThanEquals: date((value, limit) => value >= limit),
  Bool: {
    isNegated: false,
    compile: (policyValue, hasVariables) => {
      const matches = compileTemplate(policyValue, { hasWildcards: false, hasVariables, ignoresCase: true });
      return (value, context) => readBoolean(value) !== undefined && matches(value, context);
    },
  },
  BinaryEquals: ordered(readBinary, (value, bytes) => value === bytes),
  IpAddress: ipAddress(),
  NotIpAddress: negated(ipAddress()),
  ArnEquals: { isNegated: false, compile: compileArnLike },
  ArnLike: { isNegated: false, compile: compileArnLike },
  ArnNotEquals: { isNegated: true, compile: compileArnLike },
  ArnNotLike: { isNegated: true, compile: compileArnLike },
};

export type Quantifier = 'ForAllValues' | 'ForAnyValue';

export interface OperatorName {
  readonly quantifier?: Quantifier;
  readonly operator: Operator | typeof nullOperator;
  readonly ifExists: boolean;
}

/** `ForAllValues:StringLikeIfExists` taken apart; undefined where there is no such operator. */
export function readOperatorName(name: string): OperatorName | undefined {
  const [, quantifier, base = '', ifExists] =
    /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(name) ?? [];
  if (base === nullOperator) {
    return quantifier === undefined && ifExists === undefined
      ? { operator: nullOperator, ifExists: false }
      : undefined;
  }
  const operator = Object.hasOwn(operators, base) ? operators[base] : undefined;
  if (operator === undefined) return undefined;
  return {
    operator,
    ifExists: ifExists !== undefined,
    ...((quantifier === 'ForAllValues' || quantifier === 'ForAnyValue') && { quantifier }),
  };
}

function text(rules: Omit<TemplateRules, 'hasVariables'>): Operator {
  return {
    isNegated: false,
    compile: (policyValue, hasVariables) => compileTemplate(policyValue, { ...rules, hasVariables }),
  };
}

function ordered<T>(read: (text: string) => T | undefined, holds: (value: T, limit: T) => boolean): Operator {
  return {
    isNegated: false,
    compile: (policyValue) => {
      const limit = read(policyValue);
      if (limit === undefined) return never;
      return (requestValue) => {
        const value = read(requestValue);
        return value !== undefined && holds(value, limit);
      };
    },
  };
}

function date(holds: (value: number, limit: number) => boolean): Operator {
  return { ...ordered(readDate, holds), accepts: (policyValue) => readDate(policyValue) !== undefined };
}

function ipAddress(): Operator {
  return { isNegated: false, compile: (policyValue) => readIpRange(policyValue) ?? never };
}

function negated(operator: Operator): Operator {
  return { ...operator, isNegated: true };
}
