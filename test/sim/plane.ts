import { type Clock, seededRandom } from '../../src/clock/index.ts';
import type { Log } from '../../src/log.ts';
import { Refusal } from '../../src/protocols/index.ts';
import { type OpenState, openState, type Reconcilers, startReconcilers } from '../../src/reconcile/index.ts';
import { type AgentEndpoint, agentEndpoints } from '../../src/services/ecs/acs/upgrades.ts';
import { interruptSpot } from '../../src/services/ecs/capacity/interrupt-spot.ts';
import type { EcsContext, TaskCredentials } from '../../src/services/ecs/context.ts';
import { ensureCluster } from '../../src/services/ecs/ensure-cluster.ts';
import { noInfrastructure } from '../../src/services/ecs/express/infrastructure.ts';
import { ecsOperations } from '../../src/services/ecs/operations.ts';
import { ecsReconcilers } from '../../src/services/ecs/reconcilers/index.ts';
import { addNetwork } from '../../src/services/ecs/testing/network.ts';
import { addRegistry } from '../../src/services/ecs/testing/registry.ts';
import { addTargetGroup, addTrafficRules } from '../../src/services/ecs/testing/target-group.ts';
import { findServiceTargetGroup } from '../../src/services/elbv2/index.ts';
import { targetDeregistration } from '../../src/services/elbv2/reconcilers/target-deregistration.ts';
import { type Call, type OperationTable, rootPrincipal } from '../../src/services/service.ts';
import { findRegistry } from '../../src/services/servicediscovery/index.ts';
import { createSsmMessages } from '../../src/services/ssmmessages/index.ts';
import type { Store } from '../../src/store/index.ts';
import type { DurableLog } from './durable-log.ts';
import { type Network, type SimSocket, UnknownOutcomeError, UnreachableError } from './network.ts';
import type { PlantedBug } from './planted-bugs.ts';
import {
  account,
  arnsOf,
  registryArn,
  simRegistries,
  simRoutes,
  simTargetGroup,
  targetGroupArn,
} from './requests.ts';
import type { AgentSide } from './sim-process.ts';
import { MachineClock, SimProcess } from './sim-process.ts';
import { recorded, type StoreHistory } from './store-history.ts';
import type { Trace } from './trace.ts';

export interface PlaneOptions {
  readonly time: Clock;
  readonly seed: string;
  readonly log: Log;
  readonly trace: Trace;
  readonly network: Network;
  readonly disk: DurableLog;
  readonly history: StoreHistory;
  readonly mayDie: (point: string) => boolean;
  /** It has died at some point of its own; `restart` brings it back. */
  readonly onDeath: () => void;
  readonly bug: PlantedBug | undefined;
  /** A rule was broken. */
  readonly onBroken: (error: unknown) => void;
  /** What no operation should ever throw. */
  readonly onInternalError: (operation: string, error: unknown) => void;
}

const closePatienceMs = 5_000;
/** Short, so that a run of minutes sees credentials renewed. */
const sessionMs = 62 * 60_000;

/** IAM has no part in the simulation: its roles trust everybody. */
const credentialsUntil = (expiresAt: number): TaskCredentials => ({
  ...{ accessKeyId: 'ASIASIMULATION', secretAccessKey: 'none', sessionToken: 'none' },
  expiresAt,
});

interface Life {
  readonly process: SimProcess;
  readonly underWay: Set<Promise<unknown>>;
  /** Whatever still asks for its state is not answered any more. */
  isClosing: boolean;
  /** Undefined until it has read its disk. */
  running?: {
    readonly operations: OperationTable;
    readonly endpoints: readonly AgentEndpoint[];
    readonly context: EcsContext;
    readonly state: OpenState;
    readonly reconcilers: Reconcilers;
    readonly store: Store;
  };
}

/** The control plane's machine: one disk, and processes that come and go over it. */
export class Plane {
  readonly clock: MachineClock;
  readonly #options: PlaneOptions;
  #life: Life | undefined;
  #lives = 0;
  #requests = 0;

  constructor(options: PlaneOptions) {
    this.#options = options;
    this.clock = new MachineClock(options.time);
  }

  /** The process, while it takes connections. */
  get listening(): SimProcess | undefined {
    return this.#life?.running && this.#life.process;
  }

  get process(): SimProcess | undefined {
    return this.#life?.process;
  }

  /** What a started control plane does; later composition/control-plane.ts without its listeners. */
  async start(): Promise<void> {
    if (this.#life !== undefined) return;
    const { seed, log, trace, disk, bug } = this.#options;
    this.#lives += 1;
    const random = seededRandom(`${seed}/plane/${this.#lives}`);
    const process = new SimProcess({
      name: 'plane',
      clock: this.clock,
      mayDie: this.#options.mayDie,
      onDeath: (point) => this.#died(`dies ${point}`),
    });
    const life: Life = { process, underWay: new Set(), isClosing: false };
    this.#life = life;
    trace.say('plane', `starts at revision ${disk.revision}`);
    const store = recorded(disk.open(process), this.#options.history, process, this.#options.onBroken);
    const { clock } = process;
    const state = await openState(store, {
      clock,
      onError: (error) => this.#options.onInternalError('state', error),
    });
    const context: EcsContext = {
      state: bug?.state?.(state, random) ?? state,
      clock,
      random,
      log,
      alarmReadings: () => new Map(),
      infrastructureRoleObstacle: () => undefined,
      roleOfInstanceProfile: (_reader, arn) => arn.replace(':instance-profile/', ':role/'),
      assumeTaskRole: () => credentialsUntil(clock.now() + sessionMs),
      infrastructure: noInfrastructure,
      pollEndpoints: () => ({ acs: 'http://plane/acs', tcs: 'http://plane/tcs' }),
      ensureServiceLinkedRole: async () => {},
      publishMetrics: async () => {},
      publicCidr: '198.18.0.0/24',
      sessions: createSsmMessages({ clock, random, log, endpoint: () => 'http://plane' }).sessions,
    };
    await ensureCluster(context, account, 'default');
    await state.transact((tx) => {
      addNetwork(tx, account);
      for (const registry of simRegistries)
        if (findRegistry(tx, account, registryArn(registry.id)) === undefined)
          addRegistry(tx, account, registry);
      if (findServiceTargetGroup(tx, account, targetGroupArn) === undefined)
        addTargetGroup(tx, account, simTargetGroup);
      for (const route of simRoutes) {
        const { groups } = arnsOf(route);
        if (findServiceTargetGroup(tx, account, groups[0] ?? '') !== undefined) continue;
        for (const id of route.groupIds) addTargetGroup(tx, account, { ...simTargetGroup, id });
        addTrafficRules(tx, account, groups, route.listenerId);
      }
    });
    const all = [...ecsReconcilers(context), targetDeregistration(context)];
    const reconcilers = startReconcilers({
      ...{ state, store, clock, random, log },
      reconcilers: bug?.reconcilers?.(all, { ...context, state }) ?? all,
    });
    if (process.isDead) return;
    life.running = {
      operations: ecsOperations(context),
      endpoints: agentEndpoints(context),
      ...{ context, state, reconcilers, store },
    };
    trace.say('plane', 'listens');
  }

  kill(): void {
    if (this.#life === undefined) return;
    this.#life.process.kill();
    this.#died('is killed');
  }

  /** Ends as it does on SIGTERM; what agents and callers have open is cut. */
  async close(): Promise<void> {
    const life = this.#life;
    const { running } = life ?? {};
    if (life === undefined || running === undefined) return;
    this.#options.trace.say('plane', 'is asked to end');
    delete life.running;
    await running.reconcilers.stop();
    // As the gateway has it: requests under way are answered, but not waited for longer than this.
    const waited = new AbortController();
    const patience = life.process.clock.sleep(closePatienceMs, waited.signal).catch(() => {});
    await Promise.race([Promise.all(life.underWay), patience]);
    waited.abort();
    life.isClosing = true;
    await running.state.close();
    await running.store.close();
    if (life.process.isDead) return;
    life.process.kill();
    this.#died('has ended');
  }

  get state(): OpenState | undefined {
    return this.#life?.running?.state;
  }

  /** Carries an operation out as the gateway does, once the request has come. */
  async serve(operation: string, input: object): Promise<object> {
    const life = this.#life;
    if (life?.running === undefined) throw new UnreachableError('Connection refused');
    const run = operationOf(life.running, operation);
    const work = this.#run(life, operation, async () =>
      run(structuredClone(input), this.#call(life.process, new AbortController())),
    );
    const settled = work.catch(() => {}).finally(() => life.underWay.delete(settled));
    life.underWay.add(settled);
    return structuredClone(await work);
  }

  async #run(life: Life, operation: string, work: () => Promise<object>): Promise<object> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Refusal) throw error;
      if (life.isClosing) throw new UnknownOutcomeError('Connection reset');
      if (!life.process.isDead) this.#options.onInternalError(operation, error);
      throw error;
    }
  }

  /** An agent's upgrade has come. @throws {Refusal}, {UnreachableError} */
  accept(url: URL, agent: AgentSide): SimSocket {
    const running = this.#life?.running;
    const process = this.#life?.process;
    if (running === undefined || process === undefined) throw new UnreachableError('Connection refused');
    const endpoint = running.endpoints.find(({ path }) => path === url.pathname);
    if (endpoint === undefined) throw new TypeError(`There is no endpoint ${url.pathname}`);
    const gone = new AbortController();
    const open = endpoint.admit(url.searchParams, this.#call(process, gone));
    const [near, far] = this.#options.network.connect(agent.host, [agent.process, process]);
    far.once('close', () => gone.abort(new Error('The connection was closed')));
    open(far as unknown as Parameters<typeof open>[0]);
    return near;
  }

  #call(process: SimProcess, controller: AbortController): Call {
    this.#requests += 1;
    return {
      ...account,
      principal: rootPrincipal(account.accountId, 'AKIDSIMULATION'),
      requestId: `request-${this.#requests}`,
      sourceIp: '127.0.0.1',
      userAgent: 'simulation',
      isSecure: false,
      now: process.clock.now(),
      signal: controller.signal,
    };
  }

  #died(how: string): void {
    this.#options.trace.say('plane', how);
    this.#life = undefined;
    this.#options.onDeath();
  }
}

/** One of the API's, or of what an operator asks: `./catamaran spot interrupt`. */
function operationOf(
  { operations, context }: NonNullable<Life['running']>,
  operation: string,
): (input: object, call: Call) => Promise<object> | object {
  if (operation === 'InterruptSpot')
    return async (input: { readonly task?: string }, call) => ({
      taskArns: await interruptSpot(context, call, input.task),
    });
  const entry = operations[operation];
  if (entry === undefined || !('run' in entry)) throw new TypeError(`There is no operation ${operation}`);
  return (input, call) => entry.run(input, call);
}
