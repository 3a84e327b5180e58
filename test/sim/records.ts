import { type SubnetAddressRecord, subnetAddresses } from '../../src/services/ec2/records.ts';
import {
  type ContainerInstanceRecord,
  containerInstances,
  instanceClusterOf,
  type ServiceRecord,
  services,
  type TaskDefinitionRecord,
  type TaskRecord,
  type TaskTargetsRecord,
  taskDefinitions,
  tasks,
  taskTargets,
} from '../../src/services/ecs/records.ts';
import {
  type ListenerRecord,
  listeners,
  type TargetRecord,
  targets,
} from '../../src/services/elbv2/records.ts';
import { maxInstancesOfService } from '../../src/services/servicediscovery/operations/register-instance.ts';
import {
  type InstanceRecord,
  instances as registeredInstances,
} from '../../src/services/servicediscovery/records.ts';
import type { StagedCommit } from '../../src/store/staging.ts';

export interface Changed<T> {
  readonly key: string;
  readonly before: T | undefined;
  readonly after: T | undefined;
}

/** One commit, by what it did to the records that matter here. */
export interface RecordChanges {
  readonly tasks: readonly Changed<TaskRecord>[];
  readonly instances: readonly Changed<ContainerInstanceRecord>[];
  readonly services: readonly Changed<ServiceRecord>[];
  /** Of Cloud Map's instances. */
  readonly registrations: readonly Changed<InstanceRecord>[];
  /** Of load balancers. */
  readonly targets: readonly Changed<TargetRecord>[];
  readonly listeners: readonly Changed<ListenerRecord>[];
}

/** What is durable, kept independently of the product's own mirror. */
export class Records {
  readonly tasks = new Map<string, TaskRecord>();
  readonly instances = new Map<string, ContainerInstanceRecord>();
  readonly services = new Map<string, ServiceRecord>();
  readonly definitions = new Map<string, TaskDefinitionRecord>();
  readonly addresses = new Map<string, SubnetAddressRecord>();
  readonly registrations = new Map<string, InstanceRecord>();
  readonly targets = new Map<string, TargetRecord>();
  readonly taskTargets = new Map<string, TaskTargetsRecord>();
  readonly listeners = new Map<string, ListenerRecord>();
  /** Ids of deployments whose service wanted fewer tasks from some time on. */
  readonly shrunk = new Set<string>();
  /** Ids of Cloud Map's services that have had no room left at some time. */
  readonly filled = new Set<string>();
  readonly #registered = new Map<string, number>();
  /** Tasks that are not STOPPED, by their instance's key and by their service's. */
  readonly #onInstance = new Map<string, Set<string>>();
  readonly #ofService = new Map<string, Set<string>>();
  /** By the key of the instance whose room they have, though they are on another. */
  readonly #borrowing = new Map<string, Set<string>>();

  apply({ changes }: StagedCommit): RecordChanges {
    const changed = {
      tasks: [] as Changed<TaskRecord>[],
      instances: [] as Changed<ContainerInstanceRecord>[],
      services: [] as Changed<ServiceRecord>[],
      registrations: [] as Changed<InstanceRecord>[],
      targets: [] as Changed<TargetRecord>[],
      listeners: [] as Changed<ListenerRecord>[],
    };
    for (const change of changes) {
      const { key } = change;
      const value = change.type === 'put' ? change.entry.value : undefined;
      // The records' only writers are the rooms' own transactions, which are typed.
      switch (nounOf(key)) {
        case nameOf(tasks):
          changed.tasks.push(replace(this.tasks, key, value as TaskRecord | undefined));
          break;
        case nameOf(containerInstances):
          changed.instances.push(replace(this.instances, key, value as ContainerInstanceRecord | undefined));
          break;
        case nameOf(services):
          changed.services.push(replace(this.services, key, value as ServiceRecord | undefined));
          break;
        case nameOf(taskDefinitions):
          replace(this.definitions, key, value as TaskDefinitionRecord | undefined);
          break;
        case nameOf(subnetAddresses):
          replace(this.addresses, key, value as SubnetAddressRecord | undefined);
          break;
        case nameOf(targets):
          changed.targets.push(replace(this.targets, key, value as TargetRecord | undefined));
          break;
        case nameOf(listeners):
          changed.listeners.push(replace(this.listeners, key, value as ListenerRecord | undefined));
          break;
        case nameOf(taskTargets):
          replace(this.taskTargets, key, value as TaskTargetsRecord | undefined);
          break;
        case nameOf(registeredInstances):
          changed.registrations.push(replace(this.registrations, key, value as InstanceRecord | undefined));
          break;
      }
    }
    for (const { before, after } of changed.services)
      if (before !== undefined && after !== undefined && after.desiredCount < before.desiredCount)
        for (const { id } of after.deployments) this.shrunk.add(id);
    for (const { before, after } of changed.registrations) {
      const registry = (after ?? before)?.serviceId ?? '';
      const more = (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
      const count = (this.#registered.get(registry) ?? 0) + more;
      this.#registered.set(registry, count);
      if (count >= maxInstancesOfService) this.filled.add(registry);
    }
    for (const { key, before, after } of changed.tasks) {
      if (before) this.#index(key, before, false);
      if (after && after.lastStatus !== 'STOPPED') this.#index(key, after, true);
    }
    return changed;
  }

  instanceOf(taskKey: string, task: TaskRecord): ContainerInstanceRecord | undefined {
    return this.instances.get(instanceKeyOf(taskKey, task) ?? '');
  }

  /** Tasks there that are not STOPPED. */
  onInstance(key: string): readonly TaskRecord[] {
    return this.#tasksOf(this.#onInstance.get(key));
  }

  /** Fargate tasks that are not STOPPED and have their room from this instance. */
  borrowingFrom(key: string): readonly TaskRecord[] {
    return this.#tasksOf(this.#borrowing.get(key));
  }

  /** The service's tasks that are not STOPPED. */
  ofService(key: string): readonly TaskRecord[] {
    return this.#tasksOf(this.#ofService.get(key));
  }

  /** Id of the network interface that has this address of a subnet. */
  holderOf(scope: string, subnetId: string, ipv4: string): string | undefined {
    return this.addresses.get(`/ec2/${scope}/${subnetAddresses.noun}/${subnetId}/${ipv4}`)?.interfaceId;
  }

  /** Whether its load balancers, if it has any, find the task healthy: as its service knows it. */
  isHealthyTarget(scope: string, { activation, cluster, id }: TaskRecord): boolean {
    return (
      activation?.loadBalancers === undefined ||
      this.taskTargets.get(`/ecs/${scope}/${taskTargets.noun}/${cluster}/${id}`)?.state === 'healthy'
    );
  }

  /** Wherever others find it. */
  registrationsOf(taskId: string): readonly InstanceRecord[] {
    return [...this.registrations.values()].filter(({ id }) => id === taskId);
  }

  definitionOf({ taskDefinition: { family, revision } }: TaskRecord): TaskDefinitionRecord | undefined {
    for (const record of this.definitions.values())
      if (record.family === family && record.revision === revision) return record;
    return undefined;
  }

  #tasksOf(keys: ReadonlySet<string> = new Set()): readonly TaskRecord[] {
    return [...keys].flatMap((key) => this.tasks.get(key) ?? []);
  }

  #index(key: string, task: TaskRecord, isThere: boolean): void {
    const instance = instanceKeyOf(key, task);
    if (instance) note(this.#onInstance, instance, key, isThere);
    const service = serviceKeyOf(key, task);
    if (service) note(this.#ofService, service, key, isThere);
    const lender = lenderKeyOf(key, task);
    if (lender) note(this.#borrowing, lender, key, isThere);
  }
}

const nounOf = (key: string): string => {
  const [, service, , , noun] = key.split('/');
  return `${service}/${noun}`;
};
const nameOf = ({ service, noun }: { readonly service: string; readonly noun: string }): string =>
  `${service}/${noun}`;

/** Where it is placed; undefined as long as it waits for its place. */
export function instanceKeyOf(taskKey: string, task: TaskRecord): string | undefined {
  const { containerInstanceId } = task;
  return containerInstanceId === undefined
    ? undefined
    : sibling(taskKey, containerInstances.noun, instanceClusterOf(task), containerInstanceId);
}

export function lenderKeyOf(taskKey: string, { lender }: TaskRecord): string | undefined {
  return lender && sibling(taskKey, containerInstances.noun, lender.cluster, lender.id);
}

export function serviceKeyOf(taskKey: string, { cluster, service }: TaskRecord): string | undefined {
  return service && sibling(taskKey, services.noun, cluster, service.name);
}

/** Of a task's, service's or instance's record. */
export function clusterOfKey(key: string): string {
  return key.split('/')[5] ?? '';
}

/** `arn:aws:ecs:<region>:<account>:task/<cluster>/<id>` to its record's key. */
export function keyOfArn(arn: string): string {
  const [, , , region, accountId, resource = ''] = arn.split(':');
  return `/ecs/${accountId}/${region}/${resource}`;
}

export function arnOfKey(key: string): string {
  const [, , accountId, region, ...resource] = key.split('/');
  return `arn:aws:ecs:${region}:${accountId}:${resource.join('/')}`;
}

function sibling(key: string, noun: string, ...ids: readonly string[]): string {
  return [...key.split('/').slice(0, 4), noun, ...ids].join('/');
}

function replace<T>(records: Map<string, T>, key: string, after: T | undefined): Changed<T> {
  const before = records.get(key);
  if (after === undefined) records.delete(key);
  else records.set(key, after);
  return { key, before, after };
}

function note(index: Map<string, Set<string>>, value: string, key: string, isThere: boolean): void {
  const keys = index.get(value) ?? new Set();
  if (isThere) keys.add(key);
  else keys.delete(key);
  if (keys.size > 0) index.set(value, keys);
  else index.delete(value);
}
