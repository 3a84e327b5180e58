import { type CharacterRange, type Expression, ExpressionError } from './expression.ts';

/** What an expression comes to when everything counted is written out. */
const mostPositions = 1_000;
const mostSteps = 2_000_000;

/** A part of an expression, as the positions at which it takes a character. */
interface Part {
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly isNullable: boolean;
}

/**
 * Refuses an expression for which a search that goes back and forth, as PCRE2's, can take a time that doubles with each
 * character: one that can go round from some place to the same place on the same characters in two ways. (Weber and
 * Seidl, "On the degree of ambiguity of finite automata": exponential ambiguity, of the automaton of its positions.)
 * @throws {ExpressionError}
 */
export function refuseExponential(expression: Expression): void {
  const automaton = new Automaton();
  automaton.add(expression);
  if (automaton.isExponential()) throw new ExpressionError('it can take exponential time');
}

class Automaton {
  readonly #sets: (readonly CharacterRange[])[] = [];
  readonly #follow: Set<number>[] = [];
  #isTwice = false;
  #steps = 0;

  add(expression: Expression): Part {
    switch (expression.type) {
      case 'set': {
        const position = this.#sets.length;
        if (position >= mostPositions) throw new ExpressionError('it is too large');
        this.#sets.push(expression.ranges);
        this.#follow.push(new Set());
        return { first: [position], last: [position], isNullable: false };
      }
      case 'sequence':
        return expression.of.reduce<Part>((before, each) => this.#then(before, this.add(each)), nothing);
      case 'choice': {
        const parts = expression.of.map((each) => this.add(each));
        return {
          first: parts.flatMap(({ first }) => first),
          last: parts.flatMap(({ last }) => last),
          isNullable: parts.some(({ isNullable }) => isNullable),
        };
      }
      case 'capture':
        return this.add(expression.of);
      case 'repeat':
        return this.#repeat(expression);
      default:
        return nothing;
    }
  }

  /** Each time within the one before it: so it is tried, and `a?a?` is another thing than `a{0,2}`. */
  #repeat({ of, min, max }: Expression & { readonly type: 'repeat' }): Part {
    const times = max ?? Math.max(min, 1);
    let all: Part = nothing;
    for (let time = times - 1; time >= 0; time -= 1) {
      const part = this.add(of);
      if (max === undefined && time === times - 1) this.#link(part.last, part.first);
      all = this.#then(part, all);
      if (time >= min) all = { ...all, isNullable: true };
    }
    return all;
  }

  #then(before: Part, after: Part): Part {
    this.#link(before.last, after.first);
    return {
      first: before.isNullable ? [...before.first, ...after.first] : before.first,
      last: after.isNullable ? [...before.last, ...after.last] : after.last,
      isNullable: before.isNullable && after.isNullable,
    };
  }

  #link(from: readonly number[], to: readonly number[]): void {
    for (const one of from) {
      for (const other of to) {
        this.#step();
        // A loop goes where a loop within it goes already.
        if (this.#follow[one]?.has(other)) this.#isTwice = true;
        this.#follow[one]?.add(other);
      }
    }
  }

  #step(): void {
    this.#steps += 1;
    if (this.#steps > mostSteps) throw new ExpressionError('it is too large');
  }

  isExponential(): boolean {
    if (this.#isTwice) return true;
    const seen = new Set<number>();
    for (const position of this.#sets.keys()) {
      if (seen.has(position)) continue;
      const around = this.#around(position);
      for (const each of around) seen.add(each);
      if (around.size > 0 && this.#goesRoundInTwoWays(position, around)) return true;
    }
    return false;
  }

  /** All positions that are on a way from a position back to it. */
  #around(position: number): ReadonlySet<number> {
    const onward = this.#reached([...this.#followOf(position)], (each) => this.#followOf(each));
    return this.#backFrom(position, onward, (each) => this.#followOf(each));
  }

  /** Whether two ways part at a position and meet there again, on the same characters. */
  #goesRoundInTwoWays(position: number, around: ReadonlySet<number>): boolean {
    const size = this.#sets.length;
    const start = position * size + position;
    const next = (pair: number): Iterable<number> => this.#next(pair, around);
    const back = this.#backFrom(start, this.#reached([start], next), next);
    return [...back].some((pair) => Math.floor(pair / size) !== pair % size);
  }

  #followOf(position: number): Iterable<number> {
    return this.#follow[position] ?? [];
  }

  #reached(from: readonly number[], next: (one: number) => Iterable<number>): ReadonlySet<number> {
    const found = new Set(from);
    for (const one of found) {
      for (const each of next(one)) {
        this.#step();
        found.add(each);
      }
    }
    return found;
  }

  /** Those of what was reached from which a way leads to the end. */
  #backFrom(
    end: number,
    reached: ReadonlySet<number>,
    next: (one: number) => Iterable<number>,
  ): ReadonlySet<number> {
    if (!reached.has(end)) return new Set();
    const before = new Map<number, number[]>();
    for (const one of reached) {
      for (const each of next(one)) {
        const known = before.get(each);
        if (known === undefined) before.set(each, [one]);
        else known.push(one);
      }
    }
    return this.#reached([end], (one) => before.get(one) ?? []);
  }

  *#next(pair: number, around: ReadonlySet<number>): Iterable<number> {
    const size = this.#sets.length;
    for (const one of this.#followOf(Math.floor(pair / size))) {
      for (const other of this.#followOf(pair % size)) {
        this.#step();
        if (around.has(one) && around.has(other) && overlap(this.#sets[one] ?? [], this.#sets[other] ?? []))
          yield one * size + other;
      }
    }
  }
}

const nothing: Part = { first: [], last: [], isNullable: true };

function overlap(one: readonly CharacterRange[], other: readonly CharacterRange[]): boolean {
  return one.some(({ from, to }) => other.some((range) => from <= range.to && range.from <= to));
}
