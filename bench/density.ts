/**
 * How many idle pods this machine holds, on nodes whose pods have prefixes: 20 more at once, until the nodes take no more, less
 * than a fifth of the machine's memory is left, or time is over; and what each costs. `--nodes N` (of `t3.medium`), `--most
 * SECONDS`. Needs root. Prints one JSON line.
 */
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { freePort, MeasuredCatamaran, residentMiB } from './catamaran.ts';
import { KeptConnection } from './connection.ts';
import { engine } from './engine.ts';
import { Clusters } from './kubernetes-api/cluster.ts';
import { IdlePods, loadImage } from './kubernetes-api/idle-pods.ts';
import { round } from './load.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '4' },
    most: { type: 'string', default: '1200' },
    json: { type: 'boolean' },
  },
});
const nodes = Number(values.nodes);
const mostMs = Number(values.most) * 1_000;
/** As EC2 has it for nodes of up to 30 vCPUs with prefixes. So many of 16 MiB are within what a node can give. */
const podsOnNode = 110;
const step = 20;
const leastFree = 0.2;
const say = (text: string): void => void process.stderr.write(`density: ${text}\n`);

function memoryMiB(name: 'MemAvailable' | 'MemTotal'): number {
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) / 1_024;
}

/** Of a process's memory, its share of what it has together with others. */
function ownKiB(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);
}

/** What the Engine runs for one pod: its processes, the pause container's first, and each one's parent, which holds it. */
async function processesOf(pod: string) {
  const filters = encodeURIComponent(JSON.stringify({ label: [`io.kubernetes.pod.name=${pod}`] }));
  const found = (await engine('GET', `/containers/json?filters=${filters}`)) as unknown as {
    readonly Id: string;
    readonly Labels: Readonly<Record<string, string>>;
  }[];
  const processes = await Promise.all(
    found.map(async ({ Id, Labels }) => {
      const { State } = await engine('GET', `/containers/${Id}/json`);
      const { Pid: pid } = State as { readonly Pid: number };
      const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
      return {
        isPause: Labels['io.kubernetes.container.name'] !== 'main',
        own: ownKiB(pid),
        shim: ownKiB(parent),
      };
    }),
  );
  const sum = (of: readonly number[]): number => of.reduce((total, each) => total + each, 0);
  return {
    pauseKiB: sum(processes.filter(({ isPause }) => isPause).map(({ own }) => own)),
    containerKiB: sum(processes.filter(({ isPause }) => !isPause).map(({ own }) => own)),
    shimsKiB: sum(processes.map(({ shim }) => shim)),
  };
}

await loadImage();
await using catamaran = await MeasuredCatamaran.start(await freePort());
const pid = catamaran.process.pid ?? 0;
using clusters = await Clusters.open(catamaran);
const cluster = await clusters.create('bench');
const connection = await KeptConnection.open(cluster.port, cluster.authority);
const pods = new IdlePods(connection, cluster, { pollMs: 250, memoryMiB: 16 });
await clusters.givePrefixes('bench');
await clusters.addNodes('bench', 't3.medium', nodes);
await pods.untilNodesAreReady(nodes);

const began = performance.now();
const before = { ownMiB: residentMiB(pid), freeMiB: memoryMiB('MemAvailable') };
const steps: { readonly pods: number; readonly seconds: number }[] = [];
let count = 0;
let end = 'the nodes take no more';
while (count + step <= nodes * podsOnNode) {
  const stepBegan = performance.now();
  for (let index = 0; index < step; index += 1) await pods.ask();
  count += step;
  await pods.untilReady(count);
  steps.push({ pods: count, seconds: round((performance.now() - stepBegan) / 1_000, 1) });
  if (count % 100 === 0) say(`${count} pods, ${Math.round(memoryMiB('MemAvailable'))} MiB are left`);
  if (memoryMiB('MemAvailable') < leastFree * memoryMiB('MemTotal')) {
    end = 'four fifths of the memory are in use';
    break;
  }
  if (performance.now() - began > mostMs) {
    end = 'time is over';
    break;
  }
}
const after = { ownMiB: residentMiB(pid), freeMiB: memoryMiB('MemAvailable') };
const [sample = ''] = (await pods.untilReady(count)).keys();
const one = await processesOf(sample);
connection.close();

console.log(
  JSON.stringify({
    bench: 'density',
    ...{ nodes, pods: count, end, seconds: round((performance.now() - began) / 1_000, 0) },
    perPod: {
      machineMiB: round((before.freeMiB - after.freeMiB) / count, 1),
      catamaranMiB: round((after.ownMiB - before.ownMiB) / count, 2),
      ...one,
    },
    /** From asking for 20 more until they are Ready. */
    steps: steps.filter(({ pods }) => pods === step || pods % 100 === 0 || pods === count),
    loadAverage: round(loadavg()[0] ?? 0, 1),
  }),
);
