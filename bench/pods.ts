/**
 * A pod from its creation to Ready on a node of real containers, one by one and many at once, against making its two containers
 * through the Engine's API by hand in the same run; and what an idle pod costs the control plane. `--count N`: how many at
 * once. Prints one JSON line.
 */
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort, MeasuredCatamaran, residentMiB } from './catamaran.ts';
import { KeptConnection } from './connection.ts';
import { engine } from './engine.ts';
import { Clusters } from './kubernetes-api/cluster.ts';
import { command, IdlePods, image, loadImage, usualMemoryMiB } from './kubernetes-api/idle-pods.ts';
import { percentile, round } from './load.ts';

/** Of the 110 that a node has addresses for, with prefixes. */
const defaultCount = 100;
const nodeType = 't3.xlarge';
const rounds = 20;
const warmUp = 3;
/** An address rests so long before another pod has it. */
const restMs = 31_000;
const labels = { 'catamaran.bench': String(process.pid) };

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
  return [holder, await make({ ...shared, Memory: usualMemoryMiB * 1024 * 1024 })];
}

/** From the first creation until so many pods are Ready. */
async function byPods(pods: IdlePods, wanted: number): Promise<number> {
  const began = performance.now();
  for (let index = 0; index < wanted; index += 1) await pods.ask();
  await pods.untilReady(wanted);
  return performance.now() - began;
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

await loadImage();
await using catamaran = await MeasuredCatamaran.start(await freePort());
// Before there is a connection, which would not be kept as long as this takes.
const manyByHandMs = await handMade(count);
using clusters = await Clusters.open(catamaran);
const cluster = await clusters.create('bench');
const connection = await KeptConnection.open(cluster.port, cluster.authority);
const pods = new IdlePods(connection, cluster);
await clusters.givePrefixes('bench');
await clusters.addNodes('bench', nodeType);
await pods.untilNodesAreReady(1);
await byPods(pods, 1);
await pods.remove();

const pid = catamaran.process.pid ?? 0;
const beforeMiB = residentMiB(pid);
const manyMs = await byPods(pods, count);
const afterMiB = residentMiB(pid);
await pods.remove();
process.stderr.write(`pods: ${count} at once; waiting until their addresses are free\n`);
await sleep(restMs);

const [ours, hand]: [number[], number[]] = [[], []];
for (let index = 0; index < rounds + warmUp; index += 1) {
  const handMs = await handMade(1);
  const podMs = await byPods(pods, 1);
  await pods.remove();
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
