import type { Random } from '../../src/clock/index.ts';
import type { Reader, Reconciler, State, Transaction } from '../../src/reconcile/index.ts';
import type { Container, ContainerSpec, Runtime, RuntimeEvent } from '../../src/runtime/index.ts';
import type { EcsContext } from '../../src/services/ecs/context.ts';
import { serviceDeployment } from '../../src/services/ecs/reconcilers/service-deployment.ts';
import {
  type ContainerInstanceRecord,
  containerInstances,
  type ServiceRecord,
  services,
  tasks,
  taskTargets,
} from '../../src/services/ecs/records.ts';
import { instances as registeredInstances } from '../../src/services/servicediscovery/records.ts';

/**
 * Rules that are broken on purpose, each by wrapping one part of the product: proof that the simulation sees such
 * things. Nothing of this can be reached from the product.
 */
export interface PlantedBug {
  readonly name: string;
  /** One of the rules that it must be caught by. */
  readonly breaks: readonly string[];
  /** What operations and agents' sessions read and write through. */
  readonly state?: (state: State, random: Random) => State;
  readonly reconcilers?: (reconcilers: readonly Reconciler[], context: EcsContext) => readonly Reconciler[];
  /** @param life The how-manieth agent of its machine it is. */
  readonly runtime?: (runtime: Runtime, life: number) => Runtime;
  readonly storeAnswersEarly?: boolean;
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'a stopped task’s reservation is not always returned',
    breaks: ['reservations are those of the tasks'],
    state: (state, random) =>
      withTransactions(state, (tx) => ({
        put: (collection, key, value) => {
          const before = isOf(collection, containerInstances) ? tx.get(containerInstances, key) : undefined;
          const isGivenBack =
            before !== undefined && 'taskCount' in value && Number(value.taskCount) < before.taskCount;
          const forgets = isGivenBack && random.float() < 0.3;
          tx.put(collection, key, forgets ? { ...value, used: before.used } : value);
        },
      })),
  },
  {
    name: 'the store answers before its disk has written',
    breaks: ['no lost acknowledgement', 'history is linear', 'a task ends for a reason'],
    storeAnswersEarly: true,
  },
  {
    name: 'a restarted agent does not know the containers of the one before',
    breaks: ['no doubled task', 'a task ends for a reason'],
    runtime: namedByLife,
  },
  {
    name: 'the scheduler ignores the minimum while an instance drains',
    breaks: ['never under minimumHealthyPercent'],
    reconcilers: (reconcilers, context) => {
      const state = withoutMinimumWhileDraining(context.state);
      return reconcilers.map((reconciler) =>
        reconciler.name === 'service-deployment' ? serviceDeployment({ ...context, state }) : reconciler,
      );
    },
  },
  {
    name: 'the scheduler takes every target for healthy',
    breaks: ['never under minimumHealthyPercent'],
    reconcilers: (reconcilers, context) => {
      const state = withHealthyTargets(context.state);
      return reconcilers.map((reconciler) =>
        reconciler.name === 'service-deployment' ? serviceDeployment({ ...context, state }) : reconciler,
      );
    },
  },
  {
    name: 'older tasks stop as soon as traffic has been shifted',
    breaks: ['the older tasks stay for the bake time'],
    reconcilers: (reconcilers, context) => {
      const state = withoutBakeTime(context.state);
      return reconcilers.map((reconciler) =>
        reconciler.name === 'service-deployment' ? serviceDeployment({ ...context, state }) : reconciler,
      );
    },
  },
  {
    name: 'what a Fargate task borrows is not always counted',
    breaks: ['reservations are those of the tasks'],
    state: (state, random) =>
      withTransactions(state, (tx) => ({
        put: (collection, key, value) => {
          const before = isOf(collection, containerInstances) ? tx.get(containerInstances, key) : undefined;
          const isLoan = before !== undefined && isMoreUsed(before, value) && hasSameTasks(before, value);
          tx.put(collection, key, isLoan && random.float() < 0.3 ? { ...value, used: before.used } : value);
        },
      })),
  },
  {
    name: 'a service’s tasks are shared out as if it had none yet',
    breaks: ['base and weights are kept'],
    reconcilers: (reconcilers, context) => {
      const state = withoutProvidersOfTasks(context.state);
      return reconcilers.map((reconciler) =>
        reconciler.name === 'service-deployment' ? serviceDeployment({ ...context, state }) : reconciler,
      );
    },
  },
  {
    name: 'a task that ends is not always taken from its registry',
    breaks: ['others find the tasks that run, and no others'],
    state: (state, random) =>
      withTransactions(state, (tx) => ({
        delete: (collection, key) => {
          const isForgotten = isOf(collection, registeredInstances) && random.float() < 0.3;
          if (!isForgotten) tx.delete(collection, key);
        },
      })),
  },
  {
    name: 'an interruption of Spot is told as the service’s own doing',
    breaks: ['no lost acknowledgement', 'never under minimumHealthyPercent'],
    state: (state) =>
      withTransactions(state, (tx) => ({
        put: (collection, key, value) =>
          tx.put(
            collection,
            key,
            'stopCode' in value && value.stopCode === 'SpotInterruption'
              ? { ...value, stopCode: 'ServiceSchedulerInitiated' }
              : value,
          ),
      })),
  },
  {
    name: 'launches see an instance as it was one change before',
    breaks: [
      'reservations are those of the tasks',
      'nothing is placed where it does not fit',
      'services launch on ACTIVE instances whose agent is connected',
    ],
    state: (state, random) => {
      const earlier = new Map<string, object>();
      state.subscribe(containerInstances, ({ key, before }) => {
        if (before !== undefined) earlier.set(key, before);
      });
      return withTransactions(state, (tx) => ({
        get: (collection, key) => {
          const now = tx.get(collection, key);
          const then = isOf(collection, containerInstances) ? earlier.get(key) : undefined;
          return then !== undefined && random.float() < 0.2 ? (then as typeof now) : now;
        },
      }));
    },
  },
];

function isOf(collection: { readonly noun: string }, other: { readonly noun: string }): boolean {
  return collection.noun === other.noun;
}

/** The state with some of what its transactions do replaced. */
function withTransactions(state: State, change: (tx: Transaction) => Partial<Transaction>): State {
  const reader = readerOf(state);
  return {
    ...reader,
    reached: (revision) => state.reached(revision),
    subscribe: (collection, listener) => state.subscribe(collection, listener),
    transact: (run) =>
      state.transact((tx) =>
        run({
          ...readerOf(tx),
          put: (collection, key, value) => tx.put(collection, key, value),
          delete: (collection, key) => tx.delete(collection, key),
          written: (collection) => tx.written(collection),
          ...change(tx),
        }),
      ),
  };
}

function readerOf(reader: State | Transaction) {
  return {
    get: (collection, key) => reader.get(collection, key),
    list: (collection, prefix) => reader.list(collection, prefix),
    byIndex: (collection, index, value) => reader.byIndex(collection, index, value),
    countByIndex: (collection, index, value) => reader.countByIndex(collection, index, value),
    latestByIndex: (collection, index, value) => reader.latestByIndex(collection, index, value),
  } satisfies Reader;
}

const isMoreUsed = ({ used }: ContainerInstanceRecord, after: object): boolean =>
  'used' in after && (after as ContainerInstanceRecord).used.cpu > used.cpu;

const hasSameTasks = ({ taskCount }: ContainerInstanceRecord, after: object): boolean =>
  'taskCount' in after && after.taskCount === taskCount;

/** A service's tasks do not say of which capacity provider they are. */
function withoutProvidersOfTasks(state: State): State {
  return withTransactions(state, (tx) => ({
    byIndex: (collection, index, value) => {
      const found = tx.byIndex(collection, index, value);
      if (!isOf(collection, tasks) || String(index) !== 'byService') return found;
      return found.map((stored) => ({
        ...stored,
        value: { ...stored.value, capacityProviderName: undefined },
      }));
    },
  }));
}

function withHealthyTargets(state: State): State {
  const softened = <T extends object>(collection: { readonly noun: string }, record: T | undefined) =>
    record !== undefined && isOf(collection, taskTargets)
      ? { ...record, state: 'healthy', since: 0 }
      : record;
  const changed = withTransactions(state, (tx) => ({
    get: (collection, key) => softened(collection, tx.get(collection, key)),
  }));
  return { ...changed, get: (collection, key) => softened(collection, state.get(collection, key)) };
}

/** Services look as if their minimum were 0 %, and keep what it is. */
function withoutMinimumWhileDraining(state: State): State {
  const drains = (): boolean =>
    [...state.list(containerInstances)].some(({ value }) => value.status === 'DRAINING');
  return withConfiguration(state, () => (drains() ? { minimumHealthyPercent: 0 } : undefined));
}

/** Services look as if they had no bake time, and keep what it is. */
function withoutBakeTime(state: State): State {
  return withConfiguration(state, () => ({ bakeTimeInMinutes: 0 }));
}

function withConfiguration(
  state: State,
  seen: () => Partial<ServiceRecord['deploymentConfiguration']> | undefined,
): State {
  const softened = <T extends object>(record: T | undefined): T | undefined => {
    const changes = record !== undefined && 'deploymentConfiguration' in record ? seen() : undefined;
    if (record === undefined || changes === undefined) return record;
    const { deploymentConfiguration } = Object(record);
    return { ...record, deploymentConfiguration: { ...deploymentConfiguration, ...changes } };
  };
  const changed = withTransactions(state, (tx) => ({
    get: (collection, key) => softened(tx.get(collection, key)),
    put: (collection, key, value) => {
      const kept = isOf(collection, services) ? tx.get(services, key) : undefined;
      const { deploymentConfiguration } = kept ?? {};
      tx.put(collection, key, deploymentConfiguration ? { ...value, deploymentConfiguration } : value);
    },
  }));
  return { ...changed, get: (collection, key) => softened(state.get(collection, key)) };
}

/** Container names with the agent's life in them: another life finds nothing of its own. */
function namedByLife(runtime: Runtime, life: number): Runtime {
  const mark = `-life${life}`;
  const there = (name: string): string => `${name}${mark}`;
  const back = (container: Container): Container => ({ ...container, name: unmarked(container.name) });
  const unmarked = (name: string): string => (name.endsWith(mark) ? name.slice(0, -mark.length) : name);
  const changed: Partial<Runtime> = {
    createContainer: async (spec: ContainerSpec) =>
      back(await runtime.createContainer({ ...spec, name: there(spec.name) })),
    startContainer: async (name) => back(await runtime.startContainer(there(name))),
    stopContainer: (name, timeoutSeconds) => runtime.stopContainer(there(name), timeoutSeconds),
    removeContainer: (name) => runtime.removeContainer(name.includes('-life') ? name : there(name)),
    inspectContainer: async (name) => {
      const found = await runtime.inspectContainer(there(name));
      return found && back(found);
    },
    listContainers: async (labels) => (await runtime.listContainers(labels)).map(back),
    events: async function* (labels, signal): AsyncGenerator<RuntimeEvent, void> {
      for await (const event of runtime.events(labels, signal))
        yield event.type === 'container' ? { ...event, name: unmarked(event.name) } : event;
    },
  };
  return new Proxy(runtime, {
    get: (target, property) => {
      const member: unknown = Reflect.get(changed, property) ?? Reflect.get(target, property);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
