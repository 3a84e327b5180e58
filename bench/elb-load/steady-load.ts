import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const answerMs = 10_000;

/** What became of the requests that were sent in one phase. */
export interface PhaseResult {
  readonly name: string;
  readonly seconds: number;
  readonly answered: number;
  /** By what went wrong. */
  readonly failed: Readonly<Record<string, number>>;
  /** On a kept connection that the other side had just closed: asked again on a new one, as every client does. */
  readonly repeated: number;
  readonly p99Ms: number;
}

interface Phase {
  readonly name: string;
  readonly beganAt: number;
  endedAt?: number;
  readonly latencies: number[];
  readonly failed: Record<string, number>;
  repeated: number;
}

/** Requests at a constant rate, however long answers take; every other one on a connection of its own. */
export class SteadyLoad implements AsyncDisposable {
  readonly #urls: readonly string[];
  readonly #intervalMs: number;
  readonly #isRight: (body: string) => boolean;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16 });
  readonly #phases: Phase[] = [];
  readonly #underWay = new Set<Promise<void>>();
  #phase: Phase;
  #isStopped = false;
  readonly #sending: Promise<void>;

  /** @param name Of the first phase. */
  constructor(name: string, urls: readonly string[], perSecond: number, isRight: (body: string) => boolean) {
    this.#urls = urls;
    this.#intervalMs = 1_000 / perSecond;
    this.#isRight = isRight;
    this.#phase = newPhase(name);
    this.#phases.push(this.#phase);
    this.#sending = this.#send();
  }

  /** What is sent from here on counts to another phase. */
  begin(name: string): void {
    this.#phase.endedAt = performance.now();
    this.#phase = newPhase(name);
    this.#phases.push(this.#phase);
  }

  /** Sends nothing more, and waits for what is under way. */
  async stop(): Promise<readonly PhaseResult[]> {
    this.#isStopped = true;
    await this.#sending;
    await Promise.all(this.#underWay);
    this.#phase.endedAt ??= performance.now();
    return this.#phases.map(resultOf);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#agent.destroy();
  }

  async #send(): Promise<void> {
    const beganAt = performance.now();
    for (let count = 0; !this.#isStopped; count += 1) {
      const url = this.#urls[count % this.#urls.length] ?? '';
      const one = this.#ask(url, count % 4 < 2, this.#phase);
      this.#underWay.add(one);
      void one.then(() => this.#underWay.delete(one));
      const waitMs = beganAt + (count + 1) * this.#intervalMs - performance.now();
      if (waitMs > 0) await sleep(waitMs);
    }
  }

  async #ask(url: string, isKept: boolean, phase: Phase): Promise<void> {
    const beganAt = performance.now();
    try {
      await this.#once(url, isKept, phase);
      phase.latencies.push(performance.now() - beganAt);
    } catch (error) {
      const { message } = error as Error;
      phase.failed[message] = (phase.failed[message] ?? 0) + 1;
    }
  }

  #once(url: string, isKept: boolean, phase: Phase): Promise<void> {
    return new Promise((resolve, reject) => {
      const options = { agent: isKept ? this.#agent : false, signal: AbortSignal.timeout(answerMs) };
      const sent = request(url, options, async (response) => {
        try {
          let body = '';
          for await (const chunk of response) body += chunk;
          if (response.statusCode === 200 && this.#isRight(body)) resolve();
          else reject(new Error(`${response.statusCode} ${body.slice(0, 80)}`));
        } catch (error) {
          reject(error as Error);
        }
      });
      sent.on('error', (error: NodeJS.ErrnoException) => {
        if (sent.reusedSocket && error.code === 'ECONNRESET') {
          phase.repeated += 1;
          this.#once(url, false, phase).then(resolve, reject);
        } else reject(error);
      });
      sent.end();
    });
  }
}

function newPhase(name: string): Phase {
  return { name, beganAt: performance.now(), latencies: [], failed: {}, repeated: 0 };
}

/** Once all that was sent in it is answered. */
function resultOf({ name, beganAt, endedAt = beganAt, latencies, failed, repeated }: Phase): PhaseResult {
  const sorted = latencies.toSorted((one, other) => one - other);
  return {
    name,
    seconds: Math.round((endedAt - beganAt) / 100) / 10,
    answered: latencies.length,
    ...{ failed, repeated },
    p99Ms: Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0),
  };
}
