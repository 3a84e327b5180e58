import { connect, type Socket } from 'node:net';

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
      drive(options.port, takeNext, (status, latencyMs) => {
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

function drive(
  port: number,
  takeNext: () => Buffer | undefined,
  onAnswer: (status: string, latencyMs: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    let sentAt = 0;
    let received: Buffer = Buffer.alloc(0);
    const send = (): void => {
      const request = takeNext();
      if (request === undefined) {
        socket.end();
        resolve();
        return;
      }
      sentAt = performance.now();
      socket.write(request);
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const headEnd = received.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const head = received.toString('latin1', 0, headEnd);
      const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      if (received.length < headEnd + 4 + length) return;
      received = received.subarray(headEnd + 4 + length);
      onAnswer(head.slice(9, 12), performance.now() - sentAt);
      send();
    });
  });
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
