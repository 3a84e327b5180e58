/** A copy with room for more, where there is less. */
export function withRoom(column: Int32Array, length: number, missing = 0): Int32Array {
  if (column.length >= length) return column;
  const larger = new Int32Array(Math.max(16, 2 * length)).fill(missing);
  larger.set(column);
  return larger;
}

/** Which value of one label every node has: its number by the node's slot, so that sums are made without looking anything up. */
export class Topology {
  readonly key: string;
  /** By slot; less than zero: the node has no such label. */
  numbers: Int32Array = new Int32Array(0);
  readonly #byValue = new Map<string, number>();

  constructor(key: string) {
    this.key = key;
  }

  /** How many values there ever were. */
  get size(): number {
    return this.#byValue.size;
  }

  set(slot: number, value: string | undefined): void {
    this.numbers = withRoom(this.numbers, slot + 1, none);
    if (value === undefined) {
      this.numbers[slot] = none;
      return;
    }
    let number = this.#byValue.get(value);
    if (number === undefined) {
      number = this.#byValue.size;
      this.#byValue.set(value, number);
    }
    this.numbers[slot] = number;
  }
}

export const none = -1;
