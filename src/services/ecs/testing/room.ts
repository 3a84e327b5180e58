import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import { type Clock, hex, type Random, seededRandom, VirtualClock } from '../../../clock/index.ts';
import { type RecordingLog, recordingLog } from '../../../log.ts';
import { Refusal } from '../../../protocols/index.ts';
import {
  type Collection,
  type OpenState,
  openState,
  type Reader,
  type RecordKey,
  recordKey,
  type Transaction,
} from '../../../reconcile/index.ts';
import { openMemoryStore, type Store } from '../../../store/index.ts';
import type { AlarmReading, MetricPoint } from '../../cloudwatch/index.ts';
import type { Infrastructure, InfrastructureSession } from '../../infrastructure.ts';
import { type Call, rootPrincipal } from '../../service.ts';
import { createSsmMessages } from '../../ssmmessages/index.ts';
import type { Scope } from '../arn.ts';
import type { AskedOfRole, EcsContext, TaskSession } from '../context.ts';
import { noInfrastructure } from '../express/infrastructure.ts';
import { registerContainerInstance } from '../operations/container-instance.ts';
import {
  type ContainerInstanceRecord,
  clusters,
  containerInstances,
  type StoredTaskDefinition,
  type TaskDefinitionRecord,
  type TaskRecord,
  taskDefinitions,
  tasks,
} from '../records.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import type { HookFunctions } from '../traffic-shift/hook-calls.ts';
import { addNetwork } from './network.ts';

/** The ECS room over a memory store, on a virtual clock, with an ACTIVE cluster `default`. */
export interface TestRoom extends AsyncDisposable {
  /** What was given to CloudWatch. */
  readonly published: readonly MetricPoint[];
  /** Roles that ECS may not assume: all others it may. */
  readonly untrustedRoles: Set<string>;
  /** What infrastructure roles may not do. */
  readonly deniedActions: Set<string>;
  /** Instance profiles that IAM does not have. */
  readonly absentProfiles: Set<string>;
  /** As what roles were assumed, in order. */
  readonly assumed: readonly TaskSession[];
  /** CloudWatch's alarms; a test says what they say. */
  readonly alarms: Map<string, AlarmReading>;
  readonly ecs: EcsContext & {
    readonly state: OpenState;
    readonly clock: VirtualClock;
    readonly log: RecordingLog;
  };
  readonly store: Store;
  readonly call: Call;
  /** Registers an instance whose agent is connected. */
  addInstance(sizes?: InstanceSizes): Promise<ContainerInstanceRecord>;
  addDefinition(definition?: Partial<StoredTaskDefinition>): Promise<TaskDefinitionRecord>;
  task(id: string): TaskRecord | undefined;
  instance(id: string): ContainerInstanceRecord | undefined;
  tasksOf(cluster: string): readonly TaskRecord[];
  write<R>(run: (tx: Transaction) => R): Promise<R>;
}

export interface InstanceSizes {
  readonly cpu?: number;
  readonly memoryMiB?: number;
  readonly ports?: readonly number[];
  readonly attributes?: Readonly<Record<string, string>>;
  readonly agentConnected?: boolean;
  readonly gpus?: readonly string[];
  /** Given, it is an instance of EC2’s as well, reached there. */
  readonly address?: string;
  /** Default `default`. */
  readonly cluster?: string;
}

export const scope = { accountId: '123456789012', region: 'eu-west-1' } as const;

export interface RoomOptions {
  readonly seed?: number;
  /** What runs the functions of lifecycle hooks. Default: nothing. */
  readonly hookFunctions?: (clock: Clock) => HookFunctions;
}

export async function openRoom({ seed = 1, hookFunctions }: RoomOptions = {}): Promise<TestRoom> {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const random: Random = seededRandom(seed);
  const store = openMemoryStore({ clock });
  const state = await openState(store, { clock });
  const published: MetricPoint[] = [];
  const alarms = new Map<string, AlarmReading>();
  const untrustedRoles = new Set<string>();
  const deniedActions = new Set<string>();
  const absentProfiles = new Set<string>();
  const assumed: TaskSession[] = [];
  const log = recordingLog();
  const ecs = {
    state,
    clock,
    random,
    log,
    sessions: createSsmMessages({ clock, random, log, endpoint: () => 'http://127.0.0.1:1' }).sessions,
    pollEndpoints: () => ({ acs: 'http://127.0.0.1:1/acs', tcs: 'http://127.0.0.1:1/tcs' }),
    alarmReadings: (_reader: Reader, _scope: Scope, names: readonly string[]) =>
      new Map([...alarms].filter(([name]) => names.includes(name))),
    infrastructureRoleObstacle: (_scope: Scope, { roleArn, action }: AskedOfRole) =>
      untrustedRoles.has(roleArn)
        ? `The role ${roleArn} does not trust ECS.`
        : deniedActions.has(action)
          ? `${roleArn} is not authorized to perform: ${action}`
          : undefined,
    roleOfInstanceProfile: (_reader: Reader, arn: string) =>
      absentProfiles.has(arn) ? undefined : arn.replace(':instance-profile/', ':role/'),
    assumeTaskRole: (session: TaskSession) => {
      if (untrustedRoles.has(session.roleArn)) return undefined;
      assumed.push(session);
      return {
        accessKeyId: `ASIA${assumed.length}`,
        secretAccessKey: 'secret',
        sessionToken: `token-${assumed.length}`,
        expiresAt: Math.floor(clock.now() / 1000) * 1000 + 6 * 3_600_000,
      };
    },
    infrastructure: {
      ...noInfrastructure,
      assumeRole: ({ roleArn, ...session }: InfrastructureSession): Infrastructure => {
        if (untrustedRoles.has(roleArn)) throw new Refusal('AccessDeniedException', 'Cannot assume role.');
        return noInfrastructure.assumeRole({ roleArn, ...session });
      },
    },
    ensureServiceLinkedRole: async () => {},
    publishMetrics: async (_scope: Scope, points: readonly MetricPoint[]) => {
      published.push(...points);
    },
    ...(hookFunctions && { hookFunctions: hookFunctions(clock) }),
    publicCidr: '198.18.0.0/24',
  };
  const controller = new AbortController();
  const call: Call = {
    ...scope,
    principal: rootPrincipal(scope.accountId, 'AKIDEXAMPLE'),
    requestId: 'request',
    sourceIp: '127.0.0.1',
    userAgent: 'test',
    isSecure: false,
    get now() {
      return clock.now();
    },
    signal: controller.signal,
  };
  await state.transact((tx) => {
    tx.put(clusters, key(clusters, 'default'), {
      name: 'default',
      status: 'ACTIVE',
      createdAt: clock.now(),
      settings: [],
      tags: [],
    });
    addNetwork(tx, scope);
  });

  return {
    ecs,
    published,
    untrustedRoles,
    deniedActions,
    absentProfiles,
    assumed,
    alarms,
    store,
    call,
    addInstance: async (sizes = {}) => {
      const { containerInstance } = await registerContainerInstance(
        ecs,
        {
          cluster: sizes.cluster ?? 'default',
          totalResources: [
            { name: 'CPU', type: 'INTEGER', integerValue: sizes.cpu ?? 4096 },
            { name: 'MEMORY', type: 'INTEGER', integerValue: sizes.memoryMiB ?? 8192 },
            { name: 'PORTS', type: 'STRINGSET', stringSetValue: (sizes.ports ?? [22]).map(String) },
            { name: 'PORTS_UDP', type: 'STRINGSET', stringSetValue: [] },
          ],
          ...(sizes.gpus && { platformDevices: sizes.gpus.map((id) => ({ id, type: 'GPU' as const })) }),
          ...(sizes.address && {
            instanceIdentityDocument: JSON.stringify({
              ...{ instanceId: `i-${hex(ecs.random, 17)}`, privateIp: sizes.address },
            }),
          }),
          attributes: Object.entries(sizes.attributes ?? {}).map(([name, value]) => ({ name, value })),
        },
        call,
      );
      const id = containerInstance?.containerInstanceArn?.split('/').at(-1) ?? '';
      return state.transact((tx) => {
        const instanceKey = key(containerInstances, sizes.cluster ?? 'default', id);
        const record = tx.get(containerInstances, instanceKey);
        if (record === undefined) throw new Error(`No instance ${id}`);
        const connected = { ...record, agentConnected: sizes.agentConnected ?? true };
        tx.put(containerInstances, instanceKey, connected);
        return connected;
      });
    },
    addDefinition: (definition = {}) =>
      state.transact((tx) => {
        const record = taskDefinition(definition);
        tx.put(taskDefinitions, taskDefinitionKey(scope, record.family, record.revision), record);
        return record;
      }),
    task: (id) => state.get(tasks, key(tasks, 'default', id)),
    instance: (id) => state.get(containerInstances, key(containerInstances, 'default', id)),
    tasksOf: (cluster) =>
      state
        .byIndex(tasks, 'byCluster', `${scope.accountId}/${scope.region}/${cluster}`)
        .map(({ value }) => value),
    write: (run) => state.transact(run),
    [Symbol.asyncDispose]: async () => {
      controller.abort();
      await state.close();
      await store.close();
    },
  };
}

export function key<T extends object>(
  collection: Collection<T, string>,
  ...ids: readonly string[]
): RecordKey {
  return recordKey(collection, scope.accountId, scope.region, ...ids);
}

/** A valid task definition `web:1` of one container, bent by `definition`. */
export function taskDefinition(definition: Partial<StoredTaskDefinition> = {}): TaskDefinitionRecord {
  const family = definition.family ?? 'web';
  return {
    family,
    revision: 1,
    status: 'ACTIVE',
    registeredAt: 0,
    registeredBy: 'arn:aws:iam::123456789012:root',
    definition: {
      family,
      networkMode: 'bridge',
      volumes: [],
      placementConstraints: [],
      containerDefinitions: [container()],
      ...definition,
    },
    tags: [],
  };
}

export function container(definition: ContainerDefinition = {}): ContainerDefinition {
  return {
    name: 'app',
    image: 'app:1',
    cpu: 256,
    memory: 512,
    essential: true,
    portMappings: [],
    environment: [],
    mountPoints: [],
    volumesFrom: [],
    ...definition,
  };
}
