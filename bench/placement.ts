/**
 * Placements a second by RunTask over 1,000 and 5,000 simulated instances, per strategy and up to 100,000 running
 * tasks, against plain transactions of the same records in the same run. Prints one JSON line.
 *
 * The control plane is whole but for the front door and the agents: the ECS operations over a memory store, called as
 * the gateway calls them. Each placement is a RunTask call of its own, 256 of them under way at a time.
 */

import type { PlacementStrategy } from '@aws-sdk/client-ecs';
import { systemClock, systemRandom } from '../src/clock/index.ts';
import { silentLog } from '../src/log.ts';
import { type OpenState, openState, recordKey } from '../src/reconcile/index.ts';
import { createEcs, noInfrastructure } from '../src/services/ecs/index.ts';
import { containerInstances, tasks } from '../src/services/ecs/records.ts';
import type { OperationTable } from '../src/services/service.ts';
import { rootPrincipal } from '../src/services/service.ts';
import { createSsmMessages } from '../src/services/ssmmessages/index.ts';
import { openMemoryStore } from '../src/store/index.ts';
import { percentile, round } from './load.ts';

const underWay = 256;
const perStrategy = 4_000;
const perPoint = 3_000;
/** Running tasks at which the growth is measured. */
const points = [0, 25_000, 50_000, 100_000];
const perTransaction = 64;
const scope = { accountId: '123456789012', region: 'eu-west-1' };

const strategies: Readonly<Record<string, PlacementStrategy[]>> = {
  default: [],
  binpack: [{ type: 'binpack', field: 'memory' }],
  random: [{ type: 'random' }],
};

interface Measured {
  readonly perSecond: number;
  /** The same per second of this process's own processor time: what a machine without neighbours would do. */
  readonly perCpuSecond: number;
  readonly p99Ms: number;
}

/** A cluster in three zones, whose instances have room for 200 tasks each. */
class SimulatedCluster implements AsyncDisposable {
  readonly #state: OpenState;
  readonly #operations: OperationTable;
  readonly #end: () => Promise<void>;

  private constructor(state: OpenState, operations: OperationTable, end: () => Promise<void>) {
    this.#state = state;
    this.#operations = operations;
    this.#end = end;
  }

  static async open(instances: number): Promise<SimulatedCluster> {
    const clock = systemClock();
    const random = systemRandom();
    const store = openMemoryStore({ clock });
    const state = await openState(store, { clock });
    const ecs = createEcs({
      state,
      clock,
      random,
      log: silentLog,
      alarmReadings: () => new Map(),
      infrastructureRoleObstacle: () => undefined,
      roleOfInstanceProfile: () => undefined,
      assumeTaskRole: () => undefined,
      infrastructure: noInfrastructure,
      pollEndpoints: () => ({ acs: 'http://127.0.0.1:1/acs', tcs: 'http://127.0.0.1:1/tcs' }),
      ensureServiceLinkedRole: async () => {},
      publishMetrics: async () => {},
      sessions: createSsmMessages({ clock, random, log: silentLog, endpoint: () => '' }).sessions,
      publicCidr: '198.18.0.0/24',
    });
    const cluster = new SimulatedCluster(state, await ecs.service.loadOperations(), async () => {
      await state.close();
      await store.close();
    });
    await ecs.ensureCluster(scope, 'default');
    await cluster.call('RegisterTaskDefinition', {
      family: 'web',
      containerDefinitions: [{ name: 'app', image: 'app:1', cpu: 50, memory: 64 }],
    });
    await measure(instances, (number) => cluster.call('RegisterContainerInstance', registration(number)));
    await cluster.#inTransactions([...state.list(containerInstances)], (tx, { key, value }) =>
      tx.put(containerInstances, key, { ...value, agentConnected: true }),
    );
    return cluster;
  }

  async call(operation: string, input: object): Promise<unknown> {
    const entry = this.#operations[operation];
    if (entry === undefined || 'refused' in entry) throw new Error(`There is no operation ${operation}`);
    return entry.run(input, newCall());
  }

  /** @throws {Error} a task found no place. */
  runTasks(calls: number, count: number, placementStrategy: PlacementStrategy[]): Promise<Measured> {
    return measure(calls, async () => {
      const answer = await this.call('RunTask', { taskDefinition: 'web:1', count, placementStrategy });
      const placed = answer as { readonly tasks: readonly unknown[]; readonly failures: readonly unknown[] };
      if (placed.tasks.length < count) throw new Error(`Not placed: ${JSON.stringify(placed.failures[0])}`);
    });
  }

  /** Until so many run, without measuring: what is placed is said to run, as agents would. */
  async fill(running: number): Promise<void> {
    const missing = running - this.#state.countByIndex(tasks, 'byCluster', clusterIndexValue);
    await this.runTasks(Math.ceil(Math.max(0, missing) / 10), 10, []);
    const pending = [...this.#state.list(tasks)].filter(({ value }) => value.lastStatus !== 'RUNNING');
    await this.#inTransactions(pending, (tx, { key, value }) =>
      tx.put(tasks, key, { ...value, lastStatus: 'RUNNING', startedAt: value.createdAt, version: 2 }),
    );
  }

  /** What so many placements write, without deciding anything: a task that is there, again, and an instance. */
  async writeOnly(count: number): Promise<Omit<Measured, 'p99Ms'>> {
    const instances = [...this.#state.list(containerInstances)];
    const records = [...this.#state.list(tasks)].slice(0, count);
    const rate = stopwatch();
    let next = 0;
    await this.#inTransactions(records, (tx, { value }) => {
      const { accountId, region } = scope;
      const instance = instances[next++ % instances.length];
      const known = instance && tx.get(containerInstances, instance.key);
      if (instance && known)
        tx.put(containerInstances, instance.key, { ...known, version: known.version + 1 });
      const copy = { ...value, containers: value.containers.map((container) => ({ ...container })) };
      tx.put(tasks, recordKey(tasks, accountId, region, 'floor', value.id), { ...copy, cluster: 'floor' });
    });
    return rate(records.length);
  }

  async #inTransactions<T>(
    all: readonly T[],
    each: (tx: Parameters<Parameters<OpenState['transact']>[0]>[0], one: T) => void,
  ): Promise<void> {
    for (let start = 0; start < all.length; start += perTransaction)
      await this.#state.transact((tx) => {
        for (const one of all.slice(start, start + perTransaction)) each(tx, one);
      });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#end();
  }
}

const clusterIndexValue = `${scope.accountId}/${scope.region}/default`;

function registration(number: number): object {
  return {
    totalResources: [
      { name: 'CPU', type: 'INTEGER', integerValue: 10_000 },
      { name: 'MEMORY', type: 'INTEGER', integerValue: 12_800 },
      { name: 'PORTS', type: 'STRINGSET', stringSetValue: ['22', '2375', '2376', '51678'] },
      { name: 'PORTS_UDP', type: 'STRINGSET', stringSetValue: [] },
    ],
    attributes: [
      { name: 'ecs.availability-zone', value: `eu-west-1${'abc'[number % 3]}` },
      { name: 'ecs.cpu-architecture', value: 'x86_64' },
      { name: 'ecs.os-type', value: 'linux' },
      ...[17, 18, 19, 20, 21, 22, 23, 24, 25, 28, 29, 30, 32].map((minor) => ({
        name: `com.amazonaws.ecs.capability.docker-remote-api.1.${minor}`,
      })),
    ],
  };
}

function newCall() {
  return {
    ...scope,
    principal: rootPrincipal(scope.accountId, 'AKIDEXAMPLE'),
    requestId: 'bench',
    sourceIp: '127.0.0.1',
    userAgent: 'bench',
    isSecure: false,
    now: Date.now(),
    signal: neverAborted,
  };
}
const neverAborted = new AbortController().signal;

/** So many runs, `underWay` of them at a time. */
async function measure(runs: number, run: (number: number) => Promise<unknown>): Promise<Measured> {
  const latencies: number[] = [];
  let next = 0;
  const rate = stopwatch();
  const worker = async (): Promise<void> => {
    while (next < runs) {
      const number = next++;
      const at = performance.now();
      await run(number);
      latencies.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: Math.min(underWay, runs) }, worker));
  return { ...rate(runs), p99Ms: round(percentile(latencies, 0.99), 1) };
}

/** From now on: how many a second, of the clock and of this process's processor time. */
function stopwatch(): (count: number) => Omit<Measured, 'p99Ms'> {
  const began = performance.now();
  const usage = process.cpuUsage();
  return (count) => {
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(usage);
    return {
      perSecond: Math.round(count / seconds),
      perCpuSecond: Math.round(count / ((user + system) / 1e6)),
    };
  };
}

const say = (text: string): void => void process.stderr.write(`placement: ${text}\n`);

async function measureSize(instances: number): Promise<Record<string, unknown>> {
  await using cluster = await SimulatedCluster.open(instances);
  await cluster.runTasks(perStrategy / 2, 1, []);
  const byStrategy: Record<string, Measured> = {};
  for (const [name, strategy] of Object.entries(strategies)) {
    say(`${instances} instances, ${name}`);
    byStrategy[name] = await cluster.runTasks(perStrategy, 1, strategy);
  }
  const floor = await cluster.writeOnly(perStrategy);
  return {
    instances,
    byStrategy,
    floor,
    ratio: round((byStrategy.default?.perCpuSecond ?? 0) / floor.perCpuSecond, 3),
  };
}

async function measureGrowth(instances: number): Promise<Record<string, unknown>> {
  await using cluster = await SimulatedCluster.open(instances);
  await cluster.runTasks(perPoint, 1, []);
  const curve: Record<string, unknown>[] = [];
  for (const runningTasks of points) {
    say(`${instances} instances, ${runningTasks} running tasks`);
    await cluster.fill(runningTasks);
    curve.push({ runningTasks, ...(await cluster.runTasks(perPoint, 1, [])) });
  }
  return { instances, curve };
}

console.log(
  JSON.stringify({
    bench: 'placement',
    underWay,
    sizes: [await measureSize(1_000), await measureSize(5_000)],
    growth: [await measureGrowth(1_000), await measureGrowth(5_000)],
    budget: { perSecond: 5000 },
  }),
);
