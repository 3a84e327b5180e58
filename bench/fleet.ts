/**
 * Tasks over a fleet of simulated instances through the public API, signed and over HTTP, agents speaking real ACS, until all are RUNNING; against the same records committed to a bare store.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/clock/index.ts';
import { type Entry, openSqliteStore } from '../src/store/index.ts';
import { ended } from './catamaran.ts';
import { inParallel, type Place, SignedHttp } from './fleet/signed-http.ts';
import { percentile, round } from './load.ts';

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '100000' },
    instances: { type: 'string', default: '5000' },
    /** Seconds after which the run is given up. */
    most: { type: 'string', default: '600' },
    /** A folder for the control plane's CPU profile; the figures then are no measurement. */
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [tasks, instances, mostMs] = [
  Number(values.tasks),
  Number(values.instances),
  Number(values.most) * 1000,
];
const perCall = 10;
const callsAtOnce = 64;
const region = 'eu-west-1';
const credentials = { accessKeyId: 'AKIDFLEETBENCH000000', secretAccessKey: 'only-for-this-run-on-loopback' };
const say = (text: string): void => void process.stderr.write(`fleet: ${text}\n`);

const directory = await mkdtemp(join(tmpdir(), 'catamaran-fleet-'));
const children: ChildProcess[] = [];
try {
  console.log(JSON.stringify(await measure()));
} finally {
  for (const child of children) {
    child.kill('SIGKILL');
    await ended(child);
  }
  await rm(directory, { recursive: true, force: true });
}

async function measure() {
  const storeDirectory = join(directory, 'store');
  const plane = start(
    'control-plane.ts',
    [storeDirectory, region, ...Object.values(credentials)],
    values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`],
  );
  const { port = 0 } = await message(plane);
  const place: Place = { port, region, ...credentials };
  const http = new SignedHttp(place, callsAtOnce + 1);

  say(`registering ${instances} instances`);
  const agents = start('agents.ts', [JSON.stringify({ ...place, instances })]);
  const { connectedAfterMs = Number.NaN } = await message(agents);
  const idle = await report(plane);
  const idleAgents = await report(agents);
  const idleCaller = process.cpuUsage();

  await http.call('RegisterTaskDefinition', {
    family: 'fleet',
    networkMode: 'bridge',
    containerDefinitions: [{ name: 'main', image: 'fleet:1', cpu: 256, memory: 512 }],
  });
  say(`running ${tasks} tasks`);
  const began = performance.now();
  const latencies: number[] = [];
  let lastToldMs = began;
  let running = 0;
  const launched = inParallel(Math.ceil(tasks / perCall), callsAtOnce, async (call) => {
    if (performance.now() - began > mostMs) throw new Error(`Not launched within ${mostMs / 1000} s`);
    await runTasks(http, Math.min(perCall, tasks - call * perCall), latencies);
  });
  let launchedMs = Number.NaN;
  const launches = launched.then(() => {
    launchedMs = performance.now() - began;
  });
  while (running < tasks) {
    if (performance.now() - began > mostMs)
      throw new Error(`${running} of ${tasks} RUNNING after ${mostMs / 1000} s`);
    await Promise.race([launches.then(() => sleep(50)), sleep(250)]);
    running = await runningTasks(http);
    if (performance.now() - lastToldMs < 5_000) continue;
    lastToldMs = performance.now();
    say(`${running} RUNNING`);
  }
  const wallMs = performance.now() - began;
  await launches;
  const busy = await report(plane);
  const busyAgents = await report(agents);
  const { user, system } = process.cpuUsage(idleCaller);
  http.close();
  agents.kill('SIGKILL');
  await ended(agents);
  plane.kill('SIGTERM');
  await ended(plane);

  const storeBytes = await sizeOf(storeDirectory);
  say('committing the same records to a bare store');
  const floorMs = await bareCommits(storeDirectory);
  return {
    bench: 'fleet',
    ...{ tasks, instances },
    wallSeconds: round(wallMs / 1000, 1),
    containersPerSecond: Math.round(tasks / (wallMs / 1000)),
    launchedSeconds: round(launchedMs / 1000, 1),
    runTask: { p50Ms: round(percentile(latencies, 0.5), 1), p99Ms: round(percentile(latencies, 0.99), 1) },
    registeredSeconds: round(connectedAfterMs / 1000, 1),
    controlPlane: {
      cpuSeconds: round(busy.cpuSeconds - idle.cpuSeconds, 1),
      idleMiB: Math.round(idle.rssMiB),
      rssMiB: Math.round(busy.rssMiB),
    },
    /** What else took its part of the same cores. */
    agentsCpuSeconds: round(busyAgents.cpuSeconds - idleAgents.cpuSeconds, 1),
    callerCpuSeconds: round((user + system) / 1e6, 1),
    storeMiB: Math.round(storeBytes / 1_048_576),
    floorSeconds: round(floorMs / 1000, 1),
    ratio: round(wallMs / floorMs, 1),
    budget: { containersPerSecond: 1_500 },
  };
}

/** Until all of them are launched: what finds no place and what is throttled is asked for again. */
async function runTasks(http: SignedHttp, count: number, latencies: number[]): Promise<void> {
  for (let left = count; left > 0; ) {
    const began = performance.now();
    try {
      const { tasks: made } = await http.call('RunTask', { taskDefinition: 'fleet', count: left });
      latencies.push(performance.now() - began);
      const launched = Array.isArray(made) ? made.length : 0;
      if (launched === 0) throw new Error('RunTask placed nothing: the fleet is too small for so many tasks');
      left -= launched;
    } catch (error) {
      if (!String(error).includes('ThrottlingException')) throw error;
      await sleep(20);
    }
  }
}

async function runningTasks(http: SignedHttp): Promise<number> {
  const { clusters } = await http.call('DescribeClusters', { clusters: ['default'] });
  const [cluster] = Array.isArray(clusters) ? clusters : [];
  return Number(cluster?.runningTasksCount ?? 0);
}

/**
 * What any control plane must do for the same end, and nothing else: the tasks' records written ten at a time, as
 * they are launched, and each once more, as it becomes RUNNING.
 */
async function bareCommits(storeDirectory: string): Promise<number> {
  const clock = systemClock();
  const made = await openSqliteStore({ directory: storeDirectory, clock });
  const entries: Entry[] = [];
  for (let after: string | undefined; ; ) {
    const page = await made.read('/ecs/', { limit: 1_000, ...(after !== undefined && { after }) });
    entries.push(...page.entries.filter(({ key }) => key.split('/')[4] === 'task'));
    after = page.entries.at(-1)?.key;
    if (!page.more) break;
  }
  await made.close();
  const bare = await openSqliteStore({ directory: join(directory, 'floor'), clock });
  const began = performance.now();
  await inParallel(Math.ceil(entries.length / perCall), callsAtOnce, async (call) => {
    const some = entries.slice(call * perCall, (call + 1) * perCall);
    await bare.commit(
      [],
      some.map(({ key, value }) => ({ type: 'put', key, value })),
    );
  });
  await inParallel(entries.length, callsAtOnce, async (index) => {
    const entry = entries[index];
    if (entry) await bare.commit([], [{ type: 'put', key: entry.key, value: entry.value }]);
  });
  const tookMs = performance.now() - began;
  await bare.close();
  return tookMs;
}

interface Message {
  readonly port?: number;
  readonly connectedAfterMs?: number;
  readonly rssMiB?: number;
  readonly cpuSeconds?: number;
}

function start(file: string, args: readonly string[], execArgv: string[] = []): ChildProcess {
  const child = fork(fileURLToPath(new URL(`fleet/${file}`, import.meta.url)), args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv,
  });
  children.push(child);
  return child;
}

function message(child: ChildProcess): Promise<Message> {
  return new Promise((resolve, reject) => {
    child.once('message', (value) => resolve(value as Message));
    child.once('exit', (code) => reject(new Error(`A part of the bench ended with ${code}`)));
    child.once('error', reject);
  });
}

async function report(
  child: ChildProcess,
): Promise<{ readonly rssMiB: number; readonly cpuSeconds: number }> {
  child.send('report');
  const { rssMiB = Number.NaN, cpuSeconds = Number.NaN } = await message(child);
  return { rssMiB, cpuSeconds };
}

async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
