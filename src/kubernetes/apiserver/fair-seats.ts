import { ApiError } from './status.ts';

/** Requests of one cluster that are answered at the same time. */
const mostSeats = 128;
/** Of them, those of one user: there is always room for somebody else. */
const mostSeatsOfUser = 96;
/** Requests of one user that wait for a seat; what is more is told to come back. */
const mostWaitingOfUser = 512;

interface Line {
  seats: number;
  readonly waiting: (() => void)[];
}

/**
 * Who is answered next, of all who ask one cluster at the same time: each user in his turn, and nobody takes all seats. So
 * what one client or one cluster sends at once delays its own requests first.
 */
export class FairSeats {
  #seats = 0;
  /** By username; the one at the front has waited longest for a turn. */
  readonly #lines = new Map<string, Line>();

  /** Users who have a seat or wait for one. */
  get users(): number {
    return this.#lines.size;
  }

  /**
   * @param signal Aborts when nobody waits for the answer any more.
   * @returns the seat, to be given back by disposing of it.
   * @throws {ApiError} 429
   */
  async take(username: string, signal: AbortSignal): Promise<Disposable> {
    const line = this.#lines.get(username) ?? { seats: 0, waiting: [] };
    this.#lines.set(username, line);
    if (this.#isFree(line) && line.waiting.length === 0) this.#sit(line);
    else {
      if (line.waiting.length >= mostWaitingOfUser) throw tooManyRequests();
      await this.#turn(username, line, signal);
    }
    return {
      [Symbol.dispose]: () => {
        this.#seats--;
        line.seats--;
        this.#callNext();
        this.#forgetIfEmpty(username, line);
      },
    };
  }

  #isFree({ seats }: Line): boolean {
    return this.#seats < mostSeats && seats < mostSeatsOfUser;
  }

  #sit(line: Line): void {
    this.#seats++;
    line.seats++;
  }

  /** Resolves seated. */
  #turn(username: string, line: Line, signal: AbortSignal): Promise<void> {
    const { waiting } = line;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.splice(waiting.indexOf(called), 1);
        this.#forgetIfEmpty(username, line);
        reject(signal.reason);
      };
      const called = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      waiting.push(called);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  #forgetIfEmpty(username: string, { seats, waiting }: Line): void {
    if (seats === 0 && waiting.length === 0) this.#lines.delete(username);
  }

  #callNext(): void {
    for (const [username, line] of this.#lines) {
      if (!this.#isFree(line)) continue;
      const called = line.waiting.shift();
      if (called === undefined) continue;
      this.#sit(line);
      // To the back of the round.
      this.#lines.delete(username);
      this.#lines.set(username, line);
      called();
      return;
    }
  }
}

const tooManyRequests = (): ApiError =>
  new ApiError(429, 'TooManyRequests', 'Too many requests, please try again later.', {
    retryAfterSeconds: 1,
  });
