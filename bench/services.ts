/**
 * What a pod gets through a ClusterIP against the other pod itself, in turns in the same run: bytes a second over one
 * connection, and how long a connection takes to come about; and from a service's creation to its first connection. Then all of it
 * beside 5,000 services, and how long those take. `--services N`. Needs root. Prints one JSON line.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort, MeasuredCatamaran, residentMiB } from './catamaran.ts';
import { KeptConnection } from './connection.ts';
import { engine } from './engine.ts';
import { Clusters, requestBytes } from './kubernetes-api/cluster.ts';
import { IdlePods, loadImage } from './kubernetes-api/idle-pods.ts';
import { percentile, round } from './load.ts';

const { values } = parseArgs({
  options: { services: { type: 'string', default: '5000' }, json: { type: 'boolean' } },
});
const many = Number(values.services);
const port = 5_001;
const rounds = 5;
const roundMs = 1_500;
const connects = 200;
const news = 10;
const callsAtOnce = 16;
const path = '/api/v1/namespaces/default/services';
const flow = fileURLToPath(new URL('network/flow.ts', import.meta.url));
const say = (text: string): void => void process.stderr.write(`services: ${text}\n`);

await using cleanUp = new AsyncDisposableStack();
await loadImage();
const catamaran = cleanUp.use(await MeasuredCatamaran.start(await freePort()));
const clusters = cleanUp.use(await Clusters.open(catamaran));
const cluster = await clusters.create('bench');
const connections = await Promise.all(
  Array.from({ length: callsAtOnce }, () => KeptConnection.open(cluster.port, cluster.authority)),
);
const [connection] = connections;
if (connection === undefined) throw new Error('There is no connection');
cleanUp.defer(() => {
  for (const each of connections) each.close();
});
const pods = new IdlePods(connection, cluster);
await clusters.addNodes('bench', 't3.medium');
await pods.untilNodesAreReady(1);
for (const name of ['client', 'server']) await pods.ask(name, { app: name });
const address = (await pods.untilReady(2)).get('server') ?? '';

async function pidOf(pod: string): Promise<number> {
  const labels = [`io.kubernetes.pod.name=${pod}`, 'io.kubernetes.container.name=main'];
  const filters = encodeURIComponent(JSON.stringify({ label: labels }));
  const [found] = (await engine('GET', `/containers/json?filters=${filters}`)) as unknown as { Id: string }[];
  const { State } = await engine('GET', `/containers/${found?.Id}/json`);
  return (State as { readonly Pid: number }).Pid;
}
const pids = { client: await pidOf('client'), server: await pidOf('server') };

function inPod(pod: keyof typeof pids, ...words: readonly string[]): AsyncGenerator<string, void> {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', flow];
  const child: ChildProcess = spawn('nsenter', [`--net=/proc/${pids[pod]}/ns/net`, ...node, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanUp.defer(() => void child.kill());
  return (async function* () {
    if (child.stdout) yield* createInterface({ input: child.stdout });
  })();
}
await inPod('server', 'serve', String(port)).next();

const megabytesPerSecond = async (to: string): Promise<number> =>
  Number((await inPod('client', 'send', to, String(port), String(roundMs)).next()).value) / 1e6;
async function connectMs(hosts: readonly string[]): Promise<readonly number[]> {
  return JSON.parse((await inPod('client', 'connects', String(port), ...hosts).next()).value || '[]');
}

/** @returns its address. */
async function make(name: string, on: KeptConnection): Promise<string> {
  const body = { metadata: { name }, spec: { selector: { app: 'server' }, ports: [{ port }] } };
  const answer = await on.send(requestBytes(cluster, 'POST', path, body));
  if (answer.status !== 201) throw new Error(`No service was made: ${answer.body}`);
  return JSON.parse(answer.body.toString()).spec.clusterIP;
}

/** From before the call until it has led to the server. */
async function msToFirst(name: string, on: KeptConnection): Promise<number> {
  const called = Date.now();
  const asking = inPod('client', 'until', await make(name, on), String(port));
  await asking.next();
  return Number((await asking.next()).value) - called;
}

async function measure(hosts: readonly string[], label: string) {
  const [through, direct]: [number[], number[]] = [[], []];
  for (let index = 0; index < rounds; index += 1) {
    direct.push(await megabytesPerSecond(address));
    through.push(await megabytesPerSecond(hosts[index % hosts.length] ?? ''));
  }
  const ofAll = (among: readonly string[]) =>
    Array.from({ length: connects }, (_, at) => among[Math.floor((at * among.length) / connects)] ?? '');
  const took = { direct: await connectMs(ofAll([address])), through: await connectMs(ofAll(hosts)) };
  const first: number[] = [];
  for (let index = 0; index < news; index += 1)
    first.push(await msToFirst(`${label}-${index}`, connection as KeptConnection));
  const summary = (all: readonly number[]) => ({
    ...{ connections: all.length },
    ...{ p50Ms: round(percentile(all, 0.5), 2), p99Ms: round(percentile(all, 0.99), 2) },
  });
  return {
    megabytesPerSecond: {
      direct: round(percentile(direct, 0.5), 0),
      clusterIp: round(percentile(through, 0.5), 0),
    },
    ratio: round(percentile(through, 0.5) / percentile(direct, 0.5), 2),
    connect: { direct: summary(took.direct), clusterIp: summary(took.through) },
    firstConnectionMs: round(percentile(first, 0.5), 0),
  };
}

const only = await make('only', connection);
await inPod('client', 'until', only, String(port)).next();
say('one service');
const few = await measure([only], 'few');

say(`${many} services`);
const beforeMiB = residentMiB(catamaran.process.pid ?? 0);
const began = performance.now();
const addresses: string[] = [];
let next = 0;
await Promise.all(
  connections.map(async (each) => {
    while (next < many) addresses.push(await make(`many-${next++}`, each));
  }),
);
const createdMs = performance.now() - began;
say('waiting until all lead to the server');
for (let known = 0; known < addresses.length; ) known += (await connectMs(addresses.slice(known))).length;
const allMs = performance.now() - began;
const afterMiB = residentMiB(catamaran.process.pid ?? 0);
const beside = await measure(addresses, 'late');

console.log(
  JSON.stringify({
    bench: 'services',
    few,
    many: {
      ...{
        services: many,
        createdSeconds: round(createdMs / 1_000, 1),
        allLeadSeconds: round(allMs / 1_000, 1),
      },
      ...{ ...beside, controlPlaneKiBPerService: round(((afterMiB - beforeMiB) * 1_024) / many, 1) },
    },
    loadAverage: round(loadavg()[0] ?? 0, 1),
  }),
);
