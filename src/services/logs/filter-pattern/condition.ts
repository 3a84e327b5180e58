import { RE2JS } from 're2js';
import { PatternError, type Scanner } from './scanner.ts';

/** Says whether a value fits; `number` is the value as a number, where it is one. */
export type Condition = (text: string, number: number | undefined) => boolean;

const operators = ['!=', '>=', '<=', '=', '>', '<'] as const;
type Operator = (typeof operators)[number];

/** The operator that comes next, or undefined. */
export function scanOperator(scanner: Scanner): Operator | undefined {
  return operators.find((operator) => scanner.accept(operator));
}

/**
 * Reads an operator's right side: a text in quotes, a regular expression between percent signs, or a bare word
 * up to a character in `ends`. In texts and words `*` stands for any characters.
 */
export function scanCondition(scanner: Scanner, operator: Operator, bareWord: RegExp): Condition {
  const regex = scanner.regex();
  if (regex !== undefined) {
    if (operator !== '=' && operator !== '!=')
      throw scanner.error(`${operator} can't compare with an expression`);
    const matches = compileRegex(regex);
    return operator === '=' ? matches : (text) => !matches(text);
  }
  const quoted = scanner.quoted();
  const literal = quoted ?? scanner.take(bareWord);
  if (literal === undefined || (quoted === undefined && literal === ''))
    throw scanner.error('a value is missing');
  const wanted = quoted === undefined ? parseNumber(literal) : undefined;
  if (operator === '=' || operator === '!=') {
    const matches = equals(literal, wanted);
    return operator === '=' ? matches : (text, number) => !matches(text, number);
  }
  const bound = wanted ?? parseNumber(literal);
  if (bound === undefined) throw scanner.error(`${operator} compares numbers, and ${literal} is not one`);
  return (_text, number) => number !== undefined && compare(operator, number, bound);
}

function equals(literal: string, wanted: number | undefined): Condition {
  const matches = compileWildcard(literal);
  if (wanted === undefined) return matches;
  return (text, number) => (number === undefined ? matches(text) : number === wanted);
}

function compare(operator: '>=' | '<=' | '>' | '<', value: number, bound: number): boolean {
  switch (operator) {
    case '>=':
      return value >= bound;
    case '<=':
      return value <= bound;
    case '>':
      return value > bound;
    case '<':
      return value < bound;
  }
}

/** A decimal number, also with an exponent; undefined for any other text. */
export function parseNumber(text: string): number | undefined {
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

/** The whole text must fit, `*` standing for any characters. */
function compileWildcard(pattern: string): (text: string) => boolean {
  const [head = '', ...others] = pattern.split('*');
  const tail = others.pop();
  if (tail === undefined) return (text) => text === pattern;
  return (text) => {
    if (!text.startsWith(head)) return false;
    let at = head.length;
    for (const part of others) {
      const found = text.indexOf(part, at);
      if (found === -1) return false;
      at = found + part.length;
    }
    return text.length - tail.length >= at && text.endsWith(tail);
  };
}

/**
 * Says whether the expression is found anywhere in a text. Only AWS's characters and operators are allowed (no
 * groups), and RE2 keeps matching linear.
 */
export function compileRegex(source: string): (text: string) => boolean {
  if (!/^[A-Za-z0-9:_#=@/;,\-^$?[\]{}|\\*+. ]*$/.test(source)) {
    throw new PatternError(`the regular expression %${source}% has a character that is not supported`);
  }
  try {
    const expression = RE2JS.compile(source);
    return (text) => expression.matcher(text).find();
  } catch (cause) {
    throw new PatternError(`%${source}% is not a regular expression`, { cause });
  }
}
