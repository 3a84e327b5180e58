import { namedSets, setOfEscape } from './character-sets.ts';
import {
  type CharacterRange,
  complement,
  type Expression,
  ExpressionError,
  inAnyCase,
  joined,
} from './expression.ts';

export interface ParsedExpression {
  readonly expression: Expression;
  /** How many captures it has. */
  readonly captures: number;
}

/** RE2 takes no more. */
const mostTimes = 1_000;
const deepest = 50;

/** What letters after a backslash stand for that take no character. */
const places: ReadonlyMap<string, 'start' | 'end' | 'boundary' | 'no-boundary'> = new Map([
  ...([
    ['A', 'start'],
    ['z', 'end'],
    ['b', 'boundary'],
    ['B', 'no-boundary'],
  ] as const),
]);

/** What holds from some place in a group to its end. */
interface Mode {
  readonly anyCase: boolean;
  /** `.` takes the ends of lines, too. */
  readonly dotAll: boolean;
}

/**
 * Reads a regular expression of a rule. "The regular expressions used in rule conditions and rule transforms do not
 * support the following features: lookaheads, lookbehinds, backreferences, atomic groups, possessive quantifiers,
 * subroutines, recursion, and Unicode character classes" (guide, "Listener rules"). What RE2 and PCRE2 read
 * differently, or one of them not at all, is not taken either.
 * @throws {ExpressionError}
 */
export function parseExpression(text: string): ParsedExpression {
  const bad = /[^\x20-\x7e]/.exec(text);
  if (bad !== null) throw new ExpressionError('it can have printable characters of ASCII only');
  const parser = new Parser(text);
  return parser.whole();
}

class Parser {
  #at = 0;
  #captures = 0;
  #depth = 0;
  readonly #names = new Set<string>();
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): ParsedExpression {
    const { of } = this.#choice({ anyCase: false, dotAll: false });
    if (this.#at < this.#text.length) throw new ExpressionError("a ')' has no '('");
    return { expression: of, captures: this.#captures };
  }

  /** Up to the end of the group, or of everything. */
  #choice(given: Mode): { readonly of: Expression } {
    this.#depth += 1;
    if (this.#depth > deepest) throw new ExpressionError(`its groups are more than ${deepest} deep`);
    let mode = given;
    const choices: Expression[][] = [[]];
    while (this.#at < this.#text.length && this.#next() !== ')') {
      if (this.#takes('|')) {
        choices.push([]);
        continue;
      }
      const flags = this.#taken(/\(\?([a-z-]+)\)/y)?.[1];
      if (flags !== undefined) {
        mode = withFlags(mode, flags);
        continue;
      }
      choices.at(-1)?.push(this.#repeated(mode));
    }
    this.#depth -= 1;
    const sequences = choices.map(
      (of): Expression => (of.length === 1 && of[0] !== undefined ? of[0] : { type: 'sequence', of }),
    );
    const [only, ...others] = sequences;
    return { of: only !== undefined && others.length === 0 ? only : { type: 'choice', of: sequences } };
  }

  #repeated(mode: Mode): Expression {
    const of = this.#item(mode);
    const times = this.#times();
    if (times === undefined) return of;
    if (isPlace(of)) throw new ExpressionError('a quantifier follows nothing that can be repeated');
    const isLazy = this.#takes('?');
    if (!isLazy && this.#takes('+')) throw new ExpressionError('possessive quantifiers are not supported');
    if (this.#times() !== undefined) throw new ExpressionError('a quantifier follows another');
    if (times.max !== 1 && canBeEmpty(of))
      throw new ExpressionError('repeating what can be empty is not supported');
    return { type: 'repeat', of, ...times, isLazy };
  }

  /** Undefined: what is next is no quantifier. */
  #times(): { readonly min: number; readonly max?: number } | undefined {
    if (this.#takes('*')) return { min: 0 };
    if (this.#takes('+')) return { min: 1 };
    if (this.#takes('?')) return { min: 0, max: 1 };
    const counted = this.#taken(/\{(\d+)(,?)(\d*)\}/y);
    if (counted === undefined) return undefined;
    const [, least = '', comma, most] = counted;
    const min = Number(least);
    const max = comma === '' ? min : most === '' ? undefined : Number(most);
    if (Math.max(min, max ?? 0) > mostTimes)
      throw new ExpressionError(`a quantifier can be at most ${mostTimes}`);
    if (max !== undefined && max < min) throw new ExpressionError('a quantifier has its ends in reverse');
    return max === undefined ? { min } : { min, max };
  }

  #item(mode: Mode): Expression {
    const character = this.#take();
    switch (character) {
      case '^':
        return { type: 'start' };
      case '$':
        return { type: 'end' };
      case '.':
        return { type: 'set', ranges: complement(mode.dotAll ? [] : [{ from: 10, to: 10 }]) };
      case '[':
        return this.#set(mode);
      case '(':
        return this.#group(mode);
      case '\\':
        return this.#escape(mode);
      case '*':
      case '+':
      case '?':
        throw new ExpressionError('a quantifier follows nothing that can be repeated');
      default:
        return setOf([rangeOf(character)], mode);
    }
  }

  #group(mode: Mode): Expression {
    if (!this.#takes('?')) return this.#captured(mode);
    const name = this.#taken(/P?<([A-Za-z_]\w*)>/y)?.[1];
    if (name !== undefined) {
      if (this.#names.has(name)) throw new ExpressionError(`two captures are named '${name}'`);
      this.#names.add(name);
      return this.#captured(mode);
    }
    const flags = this.#taken(/([a-z-]*):/y)?.[1];
    if (flags !== undefined) {
      const { of } = this.#choice(flags === '' ? mode : withFlags(mode, flags));
      this.#close();
      return { type: 'sequence', of: [of] };
    }
    throw new ExpressionError(unsupportedGroup(this.#text.slice(this.#at, this.#at + 2)));
  }

  #captured(mode: Mode): Expression {
    this.#captures += 1;
    const number = this.#captures;
    const { of } = this.#choice(mode);
    this.#close();
    return { type: 'capture', number, of };
  }

  #close(): void {
    if (!this.#takes(')')) throw new ExpressionError("a '(' has no ')'");
  }

  #escape(mode: Mode): Expression {
    const place = places.get(this.#next() ?? '');
    if (place === undefined) return setOf(this.#escapedSet(), mode);
    this.#take();
    return { type: place };
  }

  /** What stands after a backslash, in a class or outside. */
  #escapedSet(): readonly CharacterRange[] {
    const letter = this.#take();
    if (letter === '') throw new ExpressionError('it ends with a backslash');
    if (letter === 'x') {
      const digits = this.#taken(/[0-9A-Fa-f]{2}/y)?.[0];
      if (digits === undefined) throw new ExpressionError("two hexadecimal digits must follow '\\x'");
      return [{ from: Number.parseInt(digits, 16), to: Number.parseInt(digits, 16) }];
    }
    const ranges = setOfEscape(letter);
    if (ranges !== undefined) return ranges;
    if (/[1-9]/.test(letter)) throw new ExpressionError('backreferences are not supported');
    if (/[pP]/.test(letter)) throw new ExpressionError('Unicode character classes are not supported');
    if (/[0A-Za-z]/.test(letter)) throw new ExpressionError(`the escape '\\${letter}' is not supported`);
    return [rangeOf(letter)];
  }

  /** After its `[`. */
  #set(mode: Mode): Expression {
    const isNegated = this.#takes('^');
    const ranges: CharacterRange[] = [];
    for (let isFirst = true; isFirst || this.#next() !== ']'; isFirst = false) {
      const from = this.#member();
      const goesOn = this.#next() === '-' && ![']', undefined].includes(this.#text[this.#at + 1]);
      if (!goesOn) {
        ranges.push(...from);
        continue;
      }
      this.#take();
      const to = this.#member();
      const [first, last] = [onlyOf(from), onlyOf(to)];
      if (first === undefined || last === undefined || last < first)
        throw new ExpressionError('a range of a class has no ends, or in reverse');
      ranges.push({ from: first, to: last });
    }
    this.#take();
    // The case first: a class that has no `a` has no `A` either, as it is in RE2 and PCRE2.
    const wanted = mode.anyCase ? inAnyCase(ranges) : joined(ranges);
    const all = isNegated ? complement(wanted) : wanted;
    if (all.length === 0) throw new ExpressionError('a class has no character');
    return { type: 'set', ranges: all };
  }

  #member(): readonly CharacterRange[] {
    if (this.#at >= this.#text.length) throw new ExpressionError("a '[' has no ']'");
    const named = this.#taken(/\[:(\^?)([a-z]+):\]/y);
    if (named !== undefined) {
      const [, negation, name = ''] = named;
      const ranges = namedSets.get(name);
      if (ranges === undefined) throw new ExpressionError(`the class '[:${name}:]' is not supported`);
      return negation === '^' ? complement(ranges) : ranges;
    }
    if (/^\[[.=]/.test(this.#text.slice(this.#at)))
      throw new ExpressionError('collating elements are not supported');
    if (!this.#takes('\\')) return [rangeOf(this.#take())];
    if (this.#takes('b')) throw new ExpressionError("the escape '\\b' is not supported in a class");
    return this.#escapedSet();
  }

  #next(): string | undefined {
    return this.#text[this.#at];
  }

  #take(): string {
    const character = this.#text[this.#at] ?? '';
    this.#at += 1;
    return character;
  }

  #takes(character: string): boolean {
    if (this.#next() !== character) return false;
    this.#at += 1;
    return true;
  }

  #taken(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text);
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found;
  }
}

const rangeOf = (character: string): CharacterRange => {
  const code = character.charCodeAt(0);
  return { from: code, to: code };
};

function onlyOf([first, ...others]: readonly CharacterRange[]): number | undefined {
  return first !== undefined && others.length === 0 && first.from === first.to ? first.from : undefined;
}

function setOf(ranges: readonly CharacterRange[], { anyCase }: Mode): Expression {
  return { type: 'set', ranges: anyCase ? inAnyCase(ranges) : joined(ranges) };
}

function withFlags(mode: Mode, flags: string): Mode {
  const other = /[^is]/.exec(flags)?.[0];
  if (other !== undefined) throw new ExpressionError(`the flag '${other}' is not supported`);
  return { anyCase: mode.anyCase || flags.includes('i'), dotAll: mode.dotAll || flags.includes('s') };
}

function unsupportedGroup(start: string): string {
  if (/^[=!]/.test(start)) return 'lookaheads are not supported';
  if (/^<[=!]/.test(start)) return 'lookbehinds are not supported';
  if (start.startsWith('>')) return 'atomic groups are not supported';
  if (/^(R|P>|&|[-+\d])/.test(start)) return 'subroutines and recursion are not supported';
  if (start.startsWith('P=')) return 'backreferences are not supported';
  return `groups that begin with '(?${start.slice(0, 1)}' are not supported`;
}

/** It takes no character. */
function isPlace({ type }: Expression): boolean {
  return type === 'start' || type === 'end' || type === 'boundary' || type === 'no-boundary';
}

function canBeEmpty(expression: Expression): boolean {
  switch (expression.type) {
    case 'set':
      return false;
    case 'sequence':
      return expression.of.every(canBeEmpty);
    case 'choice':
      return expression.of.some(canBeEmpty);
    case 'capture':
      return canBeEmpty(expression.of);
    case 'repeat':
      return expression.min === 0 || canBeEmpty(expression.of);
    default:
      return true;
  }
}
