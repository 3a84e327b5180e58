import type { AnsweredRequest } from '../../gateway/index.ts';
import type { Family, Labels, Sample } from './exposition.ts';

/** Upper bounds of the histogram's buckets, in milliseconds; `+Inf` comes after them. */
const boundsMs = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000] as const;

/** Of a service's operation. */
interface Requests {
  readonly labels: Labels;
  /** By the class of their status: `2xx`. */
  readonly byClass: Map<string, number>;
  /** Requests by the first bucket that takes them, the one of `+Inf` last. */
  readonly buckets: number[];
  count: number;
  sumMs: number;
}

export interface ApiRequestsOptions {
  /** Operations that are told apart; what comes after that many is counted together. */
  readonly mostOperations: number;
}

/** Counts what the gateway has answered since the process began. */
export class ApiRequests {
  readonly #mostOperations: number;
  readonly #byOperation = new Map<string, Requests>();

  constructor({ mostOperations }: ApiRequestsOptions = { mostOperations: 1000 }) {
    this.#mostOperations = mostOperations;
  }

  note({ service = 'unknown', operation = 'unknown', status, durationMs }: AnsweredRequest): void {
    const requests = this.#requestsOf(service, operation);
    const statusClass = `${Math.floor(status / 100)}xx`;
    requests.byClass.set(statusClass, (requests.byClass.get(statusClass) ?? 0) + 1);
    const fitting = boundsMs.findIndex((bound) => durationMs <= bound);
    const bucket = fitting === -1 ? boundsMs.length : fitting;
    requests.buckets[bucket] = (requests.buckets[bucket] ?? 0) + 1;
    requests.count += 1;
    requests.sumMs += durationMs;
  }

  families(): readonly Family[] {
    const all = [...this.#byOperation.values()];
    return [
      {
        name: 'catamaran_api_requests_total',
        help: 'Requests that were answered, by the class of their HTTP status.',
        type: 'counter',
        samples: all.flatMap(({ labels, byClass }) =>
          [...byClass].map(([code, value]) => ({ labels: { ...labels, code }, value })),
        ),
      },
      {
        name: 'catamaran_api_request_duration_seconds',
        help: 'Time from the end of a request’s headers to its answer.',
        type: 'histogram',
        samples: all.flatMap(histogram),
      },
    ];
  }

  #requestsOf(service: string, operation: string): Requests {
    const key = `${service} ${operation}`;
    const known = this.#byOperation.get(key);
    if (known !== undefined) return known;
    if (this.#byOperation.size >= this.#mostOperations && operation !== 'other')
      return this.#requestsOf('other', 'other');
    const requests: Requests = {
      labels: { service, operation },
      ...{ byClass: new Map(), count: 0, sumMs: 0 },
      buckets: Array.from({ length: boundsMs.length + 1 }, () => 0),
    };
    this.#byOperation.set(key, requests);
    return requests;
  }
}

/** Buckets are cumulative: each counts what those before it count too. */
function histogram({ labels, buckets, count, sumMs }: Requests): readonly Sample[] {
  let total = 0;
  const cumulative = buckets.map((value, index): Sample => {
    total += value;
    const bound = boundsMs[index];
    const le = bound === undefined ? '+Inf' : String(bound / 1000);
    return { suffix: '_bucket', labels: { ...labels, le }, value: total };
  });
  return [
    ...cumulative,
    { suffix: '_sum', labels, value: sumMs / 1000 },
    { suffix: '_count', labels, value: count },
  ];
}
