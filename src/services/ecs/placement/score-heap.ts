import type { Random } from '../../../clock/index.ts';

export interface Scored {
  /** The lower, the better, from the first to the last; of one length within a heap. */
  scores: readonly number[];
  /** Where it stands in its heap, which alone writes it. */
  place: number;
}

/** Of more equals than this, chance looks at so many. */
const maxEquals = 32;

/** A binary heap whose members can be rescored and taken out: each costs the logarithm of its size. */
export class ScoreHeap<T extends Scored> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  /** Empty when the heap is. */
  get bestScores(): readonly number[] {
    return this.#members[0]?.scores ?? [];
  }

  /** One of the best, by chance; undefined when the heap is empty. */
  best(random: Random): T | undefined {
    const [first] = this.#members;
    if (first === undefined) return undefined;
    // Without scores all are equal.
    if (first.scores.length === 0) return this.#members[random.integer(this.#members.length)];
    const equals = [first];
    for (let next = 0; next < equals.length && equals.length < maxEquals; next += 1) {
      const { place } = equals[next] ?? first;
      for (const child of [2 * place + 1, 2 * place + 2]) {
        const member = this.#members[child];
        if (member !== undefined && compareScores(member.scores, first.scores) === 0) equals.push(member);
      }
    }
    return equals[equals.length > 1 ? random.integer(equals.length) : 0];
  }

  add(member: T): void {
    this.#put(member, this.#members.length);
    this.#rise(member);
  }

  remove(member: T): void {
    const last = this.#members.pop();
    if (last === undefined || last === member) return;
    this.#put(last, member.place);
    this.#rise(last);
    this.#sink(last);
  }

  rescore(member: T, scores: readonly number[]): void {
    const order = compareScores(scores, member.scores);
    if (order === 0) return;
    member.scores = scores;
    if (order < 0) this.#rise(member);
    else this.#sink(member);
  }

  #rise(member: T): void {
    while (member.place > 0) {
      const parent = this.#members[(member.place - 1) >> 1];
      if (parent === undefined || compareScores(parent.scores, member.scores) <= 0) return;
      this.#swap(parent, member);
    }
  }

  #sink(member: T): void {
    for (;;) {
      const left = this.#members[2 * member.place + 1];
      const right = this.#members[2 * member.place + 2];
      const better =
        left !== undefined && right !== undefined && compareScores(right.scores, left.scores) < 0
          ? right
          : left;
      if (better === undefined || compareScores(member.scores, better.scores) <= 0) return;
      this.#swap(member, better);
    }
  }

  #swap(upper: T, lower: T): void {
    const { place } = upper;
    this.#put(upper, lower.place);
    this.#put(lower, place);
  }

  #put(member: T, place: number): void {
    this.#members[place] = member;
    member.place = place;
  }
}

/** Negative when `left` is better, 0 when they are equal. */
export function compareScores(left: readonly number[], right: readonly number[]): number {
  for (let place = 0; place < left.length; place += 1) {
    const difference = (left[place] ?? 0) - (right[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
