import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { KeptConnection } from '../connection.ts';
import { percentile, round } from '../load.ts';
import { type BenchCluster, requestBytes } from './cluster.ts';

const openedTogether = 50;

/**
 * How long a change of one object takes to each of many who watch its namespace, each on a connection of its own: from
 * sending the change until the watcher has read the event.
 */
export async function watchFanOut(
  cluster: BenchCluster,
  { watchers, changes }: { readonly watchers: number; readonly changes: number },
): Promise<{ readonly p50Ms: number; readonly p99Ms: number; readonly events: number }> {
  const path = '/api/v1/namespaces/default/configmaps';
  const latencies: number[] = [];
  let sentAt = 0;
  let all = Promise.withResolvers<void>();
  let missing = 0;
  const onEvent = (): void => {
    latencies.push(performance.now() - sentAt);
    missing -= 1;
    if (missing === 0) all.resolve();
  };
  const agent = new Agent({ ca: cluster.authority, maxSockets: Number.POSITIVE_INFINITY });
  const writer = await KeptConnection.open(cluster.port, cluster.authority);
  try {
    const named = (value: number) => ({ metadata: { name: 'fan-out' }, data: { value: String(value) } });
    await writer.send(requestBytes(cluster, 'POST', path, named(-1)));
    for (let opened = 0; opened < watchers; opened += openedTogether) {
      const some = Math.min(openedTogether, watchers - opened);
      await Promise.all(
        Array.from({ length: some }, () => watch(cluster, agent, `${path}?watch=1`, onEvent)),
      );
    }
    latencies.length = 0;
    for (let change = 0; change < changes; change += 1) {
      all = Promise.withResolvers();
      missing = watchers;
      sentAt = performance.now();
      await writer.send(requestBytes(cluster, 'PUT', `${path}/fan-out`, named(change)));
      await all.promise;
    }
  } finally {
    agent.destroy();
    writer.close();
  }
  return {
    p50Ms: round(percentile(latencies, 0.5), 1),
    p99Ms: round(percentile(latencies, 0.99), 1),
    events: latencies.length,
  };
}

/** Resolves when what there is already has come. */
async function watch(
  { port, token }: BenchCluster,
  agent: Agent,
  path: string,
  onEvent: () => void,
): Promise<void> {
  const sent = request({
    ...{ host: '127.0.0.1', port, agent, path },
    headers: { authorization: `Bearer ${token}` },
  });
  sent.on('error', () => {});
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`A watch was answered with ${response.statusCode}`);
  const first = Promise.withResolvers<void>();
  response.on('error', () => {});
  response.on('data', (chunk: Buffer) => {
    first.resolve();
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) onEvent();
  });
  await first.promise;
}
