import { KeptConnection } from './connection.ts';

/**
 * A closed-loop load generator: `connections` sockets, one request in flight on each. Requests are complete
 * byte strings made beforehand, so that what is measured is the server and not the signing client.
 */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers by HTTP status. */
  readonly statuses: Readonly<Record<string, number>>;
}

export async function load(options: {
  readonly port: number;
  /** PEM, of who vouches for the server: then it is TLS. */
  readonly authority?: string;
  readonly connections: number;
  /** Sent one after the other over all connections; the run ends after the last, or at `maxMs`. */
  readonly requests: readonly Buffer[];
  readonly maxMs: number;
}): Promise<LoadResult> {
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  let next = 0;
  const began = performance.now();
  const isOver = (): boolean => next >= options.requests.length || performance.now() - began > options.maxMs;
  const takeNext = (): Buffer | undefined => (isOver() ? undefined : options.requests[next++]);

  const workers: Promise<void>[] = [];
  for (let index = 0; index < options.connections; index += 1) {
    workers.push(
      drive(options, takeNext, (status, latencyMs) => {
        latencies.push(latencyMs);
        statuses[status] = (statuses[status] ?? 0) + 1;
      }),
    );
  }
  await Promise.all(workers);
  const seconds = (performance.now() - began) / 1000;
  return {
    requests: latencies.length,
    seconds: round(seconds, 3),
    perSecond: Math.round(latencies.length / seconds),
    p50Ms: round(percentile(latencies, 0.5), 3),
    p99Ms: round(percentile(latencies, 0.99), 3),
    statuses,
  };
}

async function drive(
  { port, authority }: { readonly port: number; readonly authority?: string },
  takeNext: () => Buffer | undefined,
  onAnswer: (status: number, latencyMs: number) => void,
): Promise<void> {
  const connection = await KeptConnection.open(port, authority);
  for (let request = takeNext(); request !== undefined; request = takeNext()) {
    const sentAt = performance.now();
    const { status } = await connection.send(request);
    onAnswer(status, performance.now() - sentAt);
  }
  connection.close();
}

/** `share` in 0..1 of the values lie at or below the answer; NaN when there are none. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
