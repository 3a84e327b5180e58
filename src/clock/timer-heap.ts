/** A timer that waits, until it is due or cancelled. */
export interface Timer {
  readonly dueMs: number;
  /** Among those due at the same time the older is first. */
  readonly sequence: number;
  readonly task: () => void;
  isCancelled: boolean;
}

/** Timers in the order in which they fall due: a binary heap, in which the cancelled stay until they are met. */
export class TimerHeap {
  #timers: Timer[] = [];
  #cancelled = 0;

  /** How many wait. */
  get size(): number {
    return this.#timers.length - this.#cancelled;
  }

  add(timer: Timer): void {
    this.#timers.push(timer);
    this.#rise(this.#timers.length - 1);
  }

  cancel(timer: Timer): void {
    if (timer.isCancelled) return;
    timer.isCancelled = true;
    this.#cancelled += 1;
    if (this.#cancelled > this.#timers.length / 2) this.#sweep();
  }

  /** The next to fall due. */
  peek(): Timer | undefined {
    while (this.#timers[0]?.isCancelled) {
      this.#takeFirst();
      this.#cancelled -= 1;
    }
    return this.#timers[0];
  }

  /** Takes the next one out; cancelling it has no effect any more. */
  take(): Timer | undefined {
    const first = this.peek();
    if (first === undefined) return undefined;
    this.#takeFirst();
    first.isCancelled = true;
    return first;
  }

  #takeFirst(): void {
    const last = this.#timers.pop();
    if (last === undefined || this.#timers.length === 0) return;
    this.#timers[0] = last;
    this.#sink(0);
  }

  #sweep(): void {
    this.#timers = this.#timers.filter(({ isCancelled }) => !isCancelled);
    this.#cancelled = 0;
    for (let place = (this.#timers.length >>> 1) - 1; place >= 0; place -= 1) this.#sink(place);
  }

  #rise(from: number): void {
    const timers = this.#timers;
    let place = from;
    const timer = timers[place];
    while (timer !== undefined && place > 0) {
      const parent = (place - 1) >>> 1;
      const above = timers[parent];
      if (above === undefined || isBefore(above, timer)) break;
      timers[place] = above;
      timers[parent] = timer;
      place = parent;
    }
  }

  #sink(from: number): void {
    const timers = this.#timers;
    let place = from;
    const timer = timers[place];
    while (timer !== undefined) {
      let child = 2 * place + 1;
      const [left, right] = [timers[child], timers[child + 1]];
      if (left === undefined) break;
      if (right !== undefined && isBefore(right, left)) child += 1;
      const below = timers[child] ?? left;
      if (isBefore(timer, below)) break;
      timers[place] = below;
      timers[child] = timer;
      place = child;
    }
  }
}

function isBefore(timer: Timer, other: Timer): boolean {
  return timer.dueMs === other.dueMs ? timer.sequence < other.sequence : timer.dueMs < other.dueMs;
}
