import { ApiError } from '../status.ts';

/** Connections held for what runs on nodes, of one cluster: more than these are somebody's mistake. */
const mostStreams = 1_000;
const retryAfterSeconds = 1;

/** What is open of a cluster's logs, commands, forwarded ports and proxied calls. */
export class OpenStreams {
  #count = 0;

  /** A place among them, until it is disposed of. @throws {ApiError} 429 */
  take(): Disposable {
    if (this.#count >= mostStreams) {
      throw new ApiError(429, 'TooManyRequests', 'too many streams are open, please try again later', {
        retryAfterSeconds,
      });
    }
    this.#count += 1;
    let isTaken = true;
    return {
      [Symbol.dispose]: () => {
        if (isTaken) this.#count -= 1;
        isTaken = false;
      },
    };
  }
}
