import type { Comparison, Expression, Subject } from './expression.ts';
import { compilePattern, parseCount, parseDate, parseVersion } from './values.ts';

/** An expression that isn't one. The message says what is wrong and at which character, counted from 1. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
}

const maxExpressionLength = 2000;
const maxDepth = 100;

/**
 *     expr   := all { ("or" | "||") all }
 *     all    := term { ("and" | "&&") term }
 *     term   := ("not" | "!") term | "(" expr ")" | simple
 *     simple := subject operator [argument]
 *     list   := "[" value { "," value } "]"
 *
 * A value is bare, or single-quoted with a quote inside written twice; a bare one has no parentheses.
 * @throws {QueryError}
 */
export function parseExpression(text: string): Expression {
  if (text.length > maxExpressionLength)
    throw new QueryError(`it is longer than ${maxExpressionLength} characters`);
  return new Parser(text).whole();
}

type Operator = Comparison | 'in' | '!in' | '=~' | '!~' | 'exists' | '!exists';

/** From the longest, so that none hides another. */
const symbols = ['==', '!=', '=~', '!~', '>=', '<=', '>', '<', '!exists', '!in'] as const;

const words: Readonly<Record<string, Operator>> = {
  equals: '==',
  not_equals: '!=',
  greater_than: '>',
  greater_than_equal: '>=',
  less_than: '<',
  less_than_equal: '<=',
  exists: 'exists',
  not_exists: '!exists',
  in: 'in',
  not_in: '!in',
  matches: '=~',
  not_matches: '!~',
};

const textOperators: readonly Operator[] = ['==', '!=', 'in', '!in', '=~', '!~'];
const orderOperators: readonly Operator[] = ['==', '!=', '>', '>=', '<', '<='];

interface Rule {
  readonly operators: readonly Operator[];
  readonly isValue?: (value: string) => boolean;
  /** What `isValue` asks for, as an example. */
  readonly such?: string;
}

const rules: Readonly<Record<Exclude<Subject, `attribute:${string}`>, Rule>> = {
  agentConnected: {
    operators: textOperators,
    isValue: (value) => value === 'true' || value === 'false',
    such: 'true or false',
  },
  agentVersion: {
    operators: orderOperators,
    isValue: (value) => parseVersion(value) !== undefined,
    such: 'a version such as 1.80.0',
  },
  ec2InstanceId: { operators: textOperators },
  registeredAt: {
    operators: orderOperators,
    isValue: (value) => parseDate(value) !== undefined,
    such: 'a date such as 2018-06-18 or 2018-06-18T22:28:28Z',
  },
  runningTasksCount: {
    operators: orderOperators,
    isValue: (value) => parseCount(value) !== undefined,
    such: 'a number of tasks',
  },
  'task:group': { operators: textOperators },
};
const attributeRule: Rule = {
  operators: [...new Set([...textOperators, ...orderOperators]), 'exists', '!exists'],
};

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Expression {
    const expression = this.#any();
    if (this.#at < this.#text.length) throw this.#unexpected("'and', 'or' or the end");
    return expression;
  }

  #any(): Expression {
    return this.#joined('or', '||', () => this.#all());
  }

  #all(): Expression {
    return this.#joined('and', '&&', () => this.#term());
  }

  #joined(word: 'and' | 'or', symbol: string, next: () => Expression): Expression {
    const first = next();
    const terms = [first];
    while (this.#skip(symbol) || this.#skipWord(word)) terms.push(next());
    return terms.length === 1 ? first : { type: word, terms };
  }

  #term(): Expression {
    this.#depth += 1;
    if (this.#depth > maxDepth)
      throw new QueryError(`it is nested deeper than ${maxDepth} at position ${this.#at + 1}`);
    const term = this.#bareTerm();
    this.#depth -= 1;
    return term;
  }

  #bareTerm(): Expression {
    if (this.#skip('!') || this.#skipWord('not')) return { type: 'not', term: this.#term() };
    if (!this.#skip('(')) return this.#simple();
    const inner = this.#any();
    if (!this.#skip(')')) throw this.#unexpected("')'");
    return inner;
  }

  #simple(): Expression {
    const subject = this.#subject();
    const rule = subject.startsWith('attribute:') ? attributeRule : ruleOf(subject);
    const operator = this.#operator(subject, rule);
    switch (operator) {
      case 'exists':
      case '!exists':
        return { type: 'exists', subject, isNegated: operator === '!exists' };
      case 'in':
      case '!in':
        return { type: 'in', subject, isNegated: operator === '!in', values: this.#list(subject, rule) };
      case '=~':
      case '!~':
        return { type: 'matches', subject, isNegated: operator === '!~', pattern: this.#pattern() };
      default:
        return { type: 'compare', subject, operator, value: this.#value(bareValue, subject, rule) };
    }
  }

  #subject(): Subject {
    this.#skipSpace();
    const start = this.#at;
    const name = this.#take(/[A-Za-z0-9_:]+/y);
    if (name === 'attribute:' || name.startsWith('attribute:')) {
      this.#at = start + 'attribute:'.length;
      const attribute = this.#take(/[\p{L}\p{N}\-_./\\]{1,128}/uy);
      if (attribute === '') throw this.#unexpected('the name of an attribute');
      return `attribute:${attribute}`;
    }
    if (Object.hasOwn(rules, name)) return name as keyof typeof rules;
    this.#at = start;
    const known = [...Object.keys(rules), 'attribute:NAME'].join(', ');
    throw this.#unexpected(`a subject (${known})`);
  }

  #operator(subject: Subject, { operators }: Rule): Operator {
    this.#skipSpace();
    const start = this.#at;
    const symbol = symbols.find((candidate) => this.#text.startsWith(candidate, start));
    const word = symbol === undefined ? this.#take(/[a-z_]+/y) : symbol;
    const operator = symbol ?? (Object.hasOwn(words, word) ? words[word] : undefined);
    this.#at = start;
    if (operator === undefined) throw this.#unexpected(`an operator (${operators.join(', ')})`);
    if (!operators.includes(operator))
      throw new QueryError(
        `the operator ${word} at position ${start + 1} is not for ${subject}: use ${operators.join(', ')}`,
      );
    this.#at = start + word.length;
    return operator;
  }

  #list(subject: Subject, rule: Rule): string[] {
    if (!this.#skip('[')) throw this.#unexpected("a list in '[' and ']'");
    const values: string[] = [];
    do values.push(this.#value(bareItem, subject, rule));
    while (this.#skip(','));
    if (!this.#skip(']')) throw this.#unexpected("',' or ']'");
    return values;
  }

  #value(bare: RegExp, subject: Subject, { isValue, such }: Rule): string {
    this.#skipSpace();
    const start = this.#at;
    const value = this.#quoted() ?? this.#take(bare);
    if (this.#at === start) throw this.#unexpected('a value');
    if (isValue !== undefined && !isValue(value))
      throw new QueryError(`the value of ${subject} at position ${start + 1} is not ${such}`);
    return value;
  }

  #pattern(): string {
    this.#skipSpace();
    const start = this.#at;
    const pattern = this.#quoted() ?? this.#take(barePattern);
    if (this.#at === start) throw this.#unexpected('a regular expression');
    try {
      compilePattern(pattern);
    } catch (cause) {
      const why = cause instanceof Error ? `: ${cause.message}` : '';
      throw new QueryError(`what is at position ${start + 1} is not a regular expression${why}`, { cause });
    }
    return pattern;
  }

  #quoted(): string | undefined {
    if (this.#text[this.#at] !== "'") return undefined;
    const start = this.#at;
    const quoted = this.#take(/'(?:[^']|'')*'/y);
    if (quoted === '') throw new QueryError(`the quote at position ${start + 1} is not closed`);
    return quoted.slice(1, -1).replaceAll("''", "'");
  }

  #skip(symbol: string): boolean {
    this.#skipSpace();
    if (!this.#text.startsWith(symbol, this.#at)) return false;
    this.#at += symbol.length;
    return true;
  }

  /** A word that ends here, and isn't the beginning of a longer one. */
  #skipWord(word: string): boolean {
    this.#skipSpace();
    const end = this.#at + word.length;
    if (!this.#text.startsWith(word, this.#at) || /[A-Za-z0-9_:]/.test(this.#text[end] ?? '')) return false;
    this.#at = end;
    return true;
  }

  #skipSpace(): void {
    this.#take(/\s*/y);
  }

  /** What the sticky expression matches here, or nothing. */
  #take(expression: RegExp): string {
    expression.lastIndex = this.#at;
    const taken = expression.exec(this.#text)?.[0] ?? '';
    this.#at += taken.length;
    return taken;
  }

  #unexpected(wanted: string): QueryError {
    this.#skipSpace();
    const found = this.#text[this.#at];
    return new QueryError(
      `there should be ${wanted} at position ${this.#at + 1}, not ${found === undefined ? 'the end' : `'${found}'`}`,
    );
  }
}

/** Up to a space, a parenthesis, a boolean operator or what belongs to lists and quotes. */
const bareValue = /(?:(?!&&|\|\|)[^\s()[\],'"])+/y;
const bareItem = /[^\s()[\],'"]+/y;
const barePattern = /(?:(?!&&|\|\|)[^\s()'"])+/y;

function ruleOf(subject: Subject): Rule {
  const rule = Object.hasOwn(rules, subject) ? rules[subject as keyof typeof rules] : undefined;
  if (rule === undefined) throw new Error(`There is no rule for the subject ${subject}`);
  return rule;
}
