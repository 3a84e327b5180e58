import type { Clock } from '../../clock/index.ts';
import type { EcsApi } from './ecs-api.ts';

/** The official agent keeps the answer for twelve hours. */
const keptMs = 12 * 3_600_000;

/** Where ACS and TCS are, by DiscoverPollEndpoint. */
export class PollEndpoints {
  readonly #ask: () => ReturnType<EcsApi['discoverPollEndpoint']>;
  readonly #clock: Clock;
  #known: { answer: ReturnType<EcsApi['discoverPollEndpoint']>; atMs: number } | undefined;

  constructor(ask: () => ReturnType<EcsApi['discoverPollEndpoint']>, clock: Clock) {
    this.#ask = ask;
    this.#clock = clock;
  }

  /** The WebSocket's URL below one of the endpoints, without its query. */
  async url(which: 'endpoint' | 'telemetryEndpoint'): Promise<URL> {
    const nowMs = this.#clock.monotonic();
    if (!this.#known || nowMs - this.#known.atMs > keptMs) {
      const known = { answer: this.#ask(), atMs: nowMs };
      known.answer.catch(() => {
        if (this.#known === known) this.#known = undefined;
      });
      this.#known = known;
    }
    const answer = (await this.#known.answer)[which];
    const url = new URL(`${answer.replace(/\/$/, '')}/ws`);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new Error(`DiscoverPollEndpoint answered '${answer}': only http and https are known`);
    }
    return url;
  }

  /** It could not be reached: the next connection asks again. */
  forget(): void {
    this.#known = undefined;
  }
}
