/**
 * A pod from its creation to Ready on a node of real containers, one by one and many at once, against making its two containers
 * through the Engine's API by hand in the same run; and what an idle pod costs the control plane. `--count N`: how many at
 * once. Prints one JSON line.
 */
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { busyboxLayer, imageArchive } from '../src/runtime/index.ts';
import { freePort, MeasuredCatamaran, residentMiB } from './catamaran.ts';
import { KeptConnection } from './connection.ts';
import { engine } from './engine.ts';
import { type BenchCluster, Clusters, requestBytes } from './kubernetes-api/cluster.ts';
import { percentile, round } from './load.ts';

/** Of a t3.xlarge's 56 addresses for pods. */
const defaultCount = 50;
const nodeType = 't3.xlarge';
const rounds = 20;
const warmUp = 3;
/** An address rests so long before another pod has it. */
const restMs = 31_000;
/** Rare enough not to take the processor from what is measured. */
const pollMs = 10;
const image = 'catamaran/bench:pods';
const command = ['sleep', '3600'];
const memoryMiB = 32;
const labels = { 'catamaran.bench': String(process.pid) };
const path = '/api/v1/namespaces/default/pods';

const { values } = parseArgs({ options: { count: { type: 'string' }, json: { type: 'boolean' } } });
const count = Number(values.count ?? defaultCount);

/** What a person would do with curl: one container that holds the network namespace, and one that uses it. */
async function byHand(): Promise<readonly string[]> {
  const make = async (more: object): Promise<string> => {
    const config = { Image: image, Cmd: command, Labels: labels, HostConfig: more };
    const { Id } = await engine('POST', '/containers/create', config);
    await engine('POST', `/containers/${Id}/start`);
    return String(Id);
  };
  const holder = await make({ NetworkMode: 'none' });
  const shared = { NetworkMode: `container:${holder}`, IpcMode: 'private' };
  return [holder, await make({ ...shared, Memory: memoryMiB * 1024 * 1024 })];
}

/** Those that are Ready, by name; and all. */
async function look(connection: KeptConnection, cluster: BenchCluster) {
  const { body } = await connection.send(requestBytes(cluster, 'GET', path));
  const { items } = JSON.parse(body.toString()) as {
    items: { metadata: { name: string }; status?: { conditions?: { type: string; status: string }[] } }[];
  };
  const ready = items.filter(({ status }) =>
    status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True'),
  );
  return { all: items.length, ready: ready.length };
}

/** From the first creation until so many pods are Ready. */
async function byPods(connection: KeptConnection, cluster: BenchCluster, wanted: number): Promise<number> {
  const began = performance.now();
  for (let index = 0; index < wanted; index += 1) {
    const limits = { memory: `${memoryMiB}Mi` };
    const { status, body } = await connection.send(
      requestBytes(cluster, 'POST', path, {
        metadata: { generateName: 'bench-' },
        spec: {
          ...{ automountServiceAccountToken: false, terminationGracePeriodSeconds: 0 },
          containers: [
            { name: 'main', image, imagePullPolicy: 'IfNotPresent', command, resources: { limits } },
          ],
        },
      }),
    );
    if (status !== 201) throw new Error(`No pod was made: ${body.toString()}`);
  }
  while ((await look(connection, cluster)).ready < wanted) await sleep(pollMs);
  return performance.now() - began;
}

async function removePods(connection: KeptConnection, cluster: BenchCluster): Promise<void> {
  await connection.send(requestBytes(cluster, 'DELETE', path));
  while ((await look(connection, cluster)).all > 0) await sleep(pollMs);
}

/** Of what was made by hand, and how long that took. */
async function handMade(wanted: number): Promise<number> {
  const began = performance.now();
  const made = await Promise.all(Array.from({ length: wanted }, byHand));
  const tookMs = performance.now() - began;
  for (const [holder, user] of made)
    for (const id of [user, holder]) await engine('DELETE', `/containers/${id}?force=1&v=1`);
  return tookMs;
}

await engine(
  'POST',
  '/images/load?quiet=1',
  await imageArchive({ reference: image, layers: [await busyboxLayer()], config: {} }),
);
await using catamaran = await MeasuredCatamaran.start(await freePort());
using clusters = await Clusters.open(catamaran);
const cluster = await clusters.create('bench');
const connection = await KeptConnection.open(cluster.port, cluster.authority);
await clusters.addNode('bench', nodeType);
for (;;) {
  const { body } = await connection.send(requestBytes(cluster, 'GET', '/api/v1/nodes'));
  if (/"type":"Ready","status":"True"|"status":"True","type":"Ready"/.test(body.toString())) break;
  await sleep(20);
}
await byPods(connection, cluster, 1);
await removePods(connection, cluster);

const manyByHandMs = await handMade(count);
const pid = catamaran.process.pid ?? 0;
const beforeMiB = residentMiB(pid);
const manyMs = await byPods(connection, cluster, count);
const afterMiB = residentMiB(pid);
await removePods(connection, cluster);
process.stderr.write(`pods: ${count} at once; waiting until their addresses are free\n`);
await sleep(restMs);

const [ours, hand]: [number[], number[]] = [[], []];
for (let index = 0; index < rounds + warmUp; index += 1) {
  const handMs = await handMade(1);
  const podMs = await byPods(connection, cluster, 1);
  await removePods(connection, cluster);
  if (index < warmUp) continue;
  hand.push(handMs);
  ours.push(podMs);
}

connection.close();

const summary = (taken: readonly number[]) => ({
  p50Ms: round(percentile(taken, 0.5), 1),
  p99Ms: round(percentile(taken, 0.99), 1),
});
console.log(
  JSON.stringify({
    bench: 'pods',
    one: {
      ...{ rounds, pod: summary(ours), byHand: summary(hand) },
      ratioP50: round(percentile(ours, 0.5) / percentile(hand, 0.5), 2),
    },
    many: {
      ...{ count, podsMs: round(manyMs, 0), byHandMs: round(manyByHandMs, 0) },
      ratio: round(manyMs / manyByHandMs, 2),
    },
    controlPlaneMiBPerPod: round((afterMiB - beforeMiB) / count, 2),
    loadAverage: round(loadavg()[0] ?? 0, 1),
    budget: { ratio: 1.3 },
  }),
);
