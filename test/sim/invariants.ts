import { isDeepStrictEqual } from 'node:util';
import {
  type ContainerInstanceRecord,
  type ServiceRecord,
  scopeOf,
  type TaskRecord,
} from '../../src/services/ecs/records.ts';
import type { StagedCommit } from '../../src/store/staging.ts';
import { fail } from './broken-rule.ts';
import { checkCapacity, checkGround, checkInterruption, roomOf } from './capacity-rules.ts';
import type { Facts } from './facts.ts';
import { arnOfKey, type Changed, type RecordChanges, type Records, serviceKeyOf } from './records.ts';
import { checkRegistrations } from './registration-rules.ts';
import { checkServed, checkShifts, isShifting } from './shift-rules.ts';

/**
 * What must hold in every commit, whatever goes wrong. Each rule is worked out from the durable records and the
 * world's facts alone, never with the product's own arithmetic.
 */
export class Invariants {
  readonly #records: Records;
  readonly #facts: Facts;
  readonly #now: () => number;
  readonly #startedByCounts = new Map<string, number>();
  #revision = 0;

  constructor(records: Records, facts: Facts, now: () => number) {
    this.#records = records;
    this.#facts = facts;
    this.#now = now;
  }

  /** @throws {InvariantError} the commit breaks a rule. */
  afterCommit(commit: StagedCommit): RecordChanges {
    if (commit.revision !== this.#revision + 1)
      fail('revisions have no gaps', `${commit.revision} follows ${this.#revision}`);
    this.#revision = commit.revision;
    // Before the commit: who was healthy.
    const changes = this.#records.apply(commit);
    for (const change of changes.tasks) {
      this.#checkTask(change);
      this.#checkAddress(change);
    }
    for (const key of touchedInstances(changes)) this.#checkInstance(key);
    this.#checkServices(changes);
    checkRegistrations(this.#records, changes);
    checkShifts(this.#records, changes);
    return changes;
  }

  /** An address belongs to one task, from its birth to its end. */
  #checkAddress({ key, before, after }: Changed<TaskRecord>): void {
    const { networkInterface } = after ?? before ?? {};
    if (networkInterface === undefined) return;
    const { networkInterfaceId, subnetId, privateIpv4Address: ipv4 } = networkInterface;
    const isEntitled = after !== undefined && after.lastStatus !== 'STOPPED';
    const holder = this.#records.holderOf(scopeOf(key), subnetId, ipv4);
    if ((holder === networkInterfaceId) !== isEntitled)
      fail(
        'addresses are those of the tasks',
        `${ipv4} is held by ${holder}, not ${networkInterfaceId} of ${key}`,
      );
  }

  #checkTask({ key, before, after }: Changed<TaskRecord>): void {
    if (before === undefined && after !== undefined) this.#checkNewTask(key, after);
    else if (before !== undefined && after === undefined) this.#checkForgotten(key, before);
    else if (before !== undefined && after !== undefined) this.#checkTransition(key, before, after);
  }

  #checkNewTask(key: string, task: TaskRecord): void {
    if (
      task.desiredStatus !== 'RUNNING' ||
      statuses.indexOf(task.lastStatus) > statuses.indexOf('ACTIVATING')
    )
      fail('a task is born on its way to RUNNING', describe(key, task));
    const { startedBy } = task;
    const requested = this.#facts.requested(startedBy)?.count;
    if (startedBy !== undefined && requested !== undefined) {
      const count = (this.#startedByCounts.get(startedBy) ?? 0) + 1;
      this.#startedByCounts.set(startedBy, count);
      if (count > requested)
        fail('a request is carried out once', `${startedBy} asked for ${requested} tasks and made ${count}`);
    }
    checkCapacity(this.#records, this.#facts, key, task);
    if (task.containerInstanceId !== undefined) this.#checkPlace(key, task);
  }

  #checkPlace(key: string, task: TaskRecord): void {
    const instance = this.#records.instanceOf(key, task);
    if (instance === undefined || instance.status === 'INACTIVE')
      fail('a task is placed on an instance that is there', describe(key, task));
    if (task.service && (instance?.status !== 'ACTIVE' || !instance.agentConnected))
      fail('services launch on ACTIVE instances whose agent is connected', describe(key, task));
    this.#checkConstraints(key, task, instance);
    checkGround(this.#records, key, task);
    // What Fargate can do is not its hosts' to say.
    if (task.launchType === 'FARGATE') return;
    for (const { name } of this.#records.definitionOf(task)?.definition.requiresAttributes ?? []) {
      if (name !== undefined && !instance?.attributes.some((attribute) => attribute.name === name))
        fail('a task is placed where its attributes are', `${describe(key, task)} needs ${name}`);
    }
  }

  /** Of the constraints that services here have. */
  #checkConstraints(key: string, task: TaskRecord, instance: ContainerInstanceRecord | undefined): void {
    const serviceKey = serviceKeyOf(key, task);
    const service = serviceKey === undefined ? undefined : this.#records.services.get(serviceKey);
    for (const { type, expression = '' } of service?.placementConstraints ?? []) {
      if (type === 'memberOf' && !isMember(instance, expression))
        fail('a task is placed where its constraints allow', `${describe(key, task)}: ${expression}`);
      const others = this.#records
        .ofService(serviceKey ?? '')
        .filter((other) => other.containerInstanceId === task.containerInstanceId);
      if (type === 'distinctInstance' && others.length > 1)
        fail('a task is placed where its constraints allow', `${describe(key, task)}: distinctInstance`);
    }
  }

  #checkForgotten(key: string, task: TaskRecord): void {
    if (task.lastStatus !== 'STOPPED') fail('only what is STOPPED is forgotten', describe(key, task));
    const forMs = this.#now() - (task.stoppedAt ?? 0);
    if (forMs < 3_600_000) fail('a stopped task is shown for an hour', `${describe(key, task)}: ${forMs} ms`);
  }

  #checkTransition(key: string, before: TaskRecord, after: TaskRecord): void {
    if (before.lastStatus === 'STOPPED') fail('STOPPED is the end', describe(key, after));
    if (statuses.indexOf(after.lastStatus) < statuses.indexOf(before.lastStatus))
      fail('a task only moves forward', `${describe(key, after)} was ${before.lastStatus}`);
    if (before.desiredStatus === 'STOPPED' && after.desiredStatus === 'RUNNING')
      fail('a stop is not taken back', describe(key, after));
    if (after.version <= before.version)
      fail('versions grow', `${describe(key, after)}: ${before.version} to ${after.version}`);
    for (const field of fixedFields)
      if (!isDeepStrictEqual(before[field], after[field]))
        fail('what a task is never changes', `${describe(key, after)}: ${field}`);
    if (before.containerInstanceId === undefined && after.containerInstanceId !== undefined)
      this.#checkPlace(key, after);
    else if (before.containerInstanceId !== after.containerInstanceId)
      fail('what a task is never changes', `${describe(key, after)} has moved`);
    const arn = arnOfKey(key);
    if (before.stopCode !== undefined && after.stopCode !== before.stopCode)
      fail(
        'the first reason to stop stays',
        `${describe(key, after)}: ${before.stopCode}, ${after.stopCode}`,
      );
    checkInterruption(key, after);
    if (after.lastStatus === 'RUNNING' && before.lastStatus !== 'RUNNING' && !this.#facts.hasStarted(arn))
      fail('RUNNING means that a process runs', describe(key, after));
    if (after.lastStatus === 'STOPPED') this.#checkEnd(key, arn, after);
  }

  #checkEnd(key: string, arn: string, task: TaskRecord): void {
    const machine = this.#records
      .instanceOf(key, task)
      ?.attributes.find(({ name }) => name === 'machine')?.value;
    const isExplained = {
      UserInitiated: this.#facts.isStopRequested(arn),
      ServiceSchedulerInitiated: task.service !== undefined,
      EssentialContainerExited: this.#facts.hasReasonToEnd(arn),
      TaskFailedToStart:
        this.#hasWaitedInVain(task) ||
        this.#facts.hasReasonToEnd(arn) ||
        this.#foundNoRoom(task) ||
        (machine !== undefined && this.#facts.isUnreliable(machine)),
      SpotInterruption: this.#facts.isSpotReclaimed(arn),
      TerminationNotice:
        task.launchType === 'FARGATE' && this.#records.instanceOf(key, task)?.agentConnected === false,
    };
    const wasAbandoned = task.stopCode === undefined && task.stoppedReason?.includes('deregistration forced');
    if (!wasAbandoned && !isExplained[task.stopCode ?? 'TerminationNotice'])
      fail('a task ends for a reason', `${describe(key, task)}: ${task.stopCode}, ${task.stoppedReason}`);
  }

  /** Its registry has had as many instances as a service of Cloud Map may. */
  #foundNoRoom({ stoppedReason }: TaskRecord): boolean {
    const [, registry] = /The service (\S+) or its namespace is full/.exec(stoppedReason ?? '') ?? [];
    return registry !== undefined && this.#records.filled.has(registry);
  }

  /** No instance of its capacity provider came for it: see docs/decisions/0012-fargate-borrows.md. */
  #hasWaitedInVain({ awaiting, createdAt }: TaskRecord): boolean {
    return awaiting !== undefined && this.#now() - createdAt >= 15 * 60_000;
  }

  /** What is written down as reserved is what its tasks need, and it fits. */
  #checkInstance(key: string): void {
    const instance = this.#records.instances.get(key);
    if (instance === undefined) return;
    const tasks = this.#records.onInstance(key);
    const borrowing = this.#records.borrowingFrom(key);
    const sum = (of: (task: TaskRecord) => number): number =>
      [...tasks, ...borrowing].reduce((total, task) => total + of(task), 0);
    const ports = (of: 'tcpPorts' | 'udpPorts'): number[] =>
      tasks.flatMap(({ reserved }) => [...reserved[of]]);
    const needed = {
      cpu: sum(({ reserved }) => reserved.cpu),
      memoryMiB: sum(({ reserved }) => reserved.memoryMiB),
      tcpPorts: ports('tcpPorts').sort(byNumber),
      udpPorts: ports('udpPorts').sort(byNumber),
    };
    const { used } = instance;
    const written = {
      cpu: used.cpu,
      memoryMiB: used.memoryMiB,
      tcpPorts: [...used.tcpPorts].sort(byNumber),
      udpPorts: [...used.udpPorts].sort(byNumber),
    };
    if (!isDeepStrictEqual(written, needed))
      fail('reservations are those of the tasks', `${key}: ${JSON.stringify({ written, needed })}`);
    if (instance.taskCount !== tasks.length)
      fail('reservations are those of the tasks', `${key} counts ${instance.taskCount} of ${tasks.length}`);
    const groups = countBy(tasks, ({ group }) => group);
    if (!isDeepStrictEqual(new Map(instance.groups.map(({ group, tasks: count }) => [group, count])), groups))
      fail('reservations are those of the tasks', `${key}: groups ${JSON.stringify(instance.groups)}`);
    this.#checkFit(key, instance, written);
  }

  #checkFit(key: string, instance: ContainerInstanceRecord, used: ContainerInstanceRecord['used']): void {
    const resource = (name: string) => instance.registeredResources.find((each) => each.name === name);
    if (
      used.cpu > (resource('CPU')?.integerValue ?? 0) ||
      used.memoryMiB > (resource('MEMORY')?.integerValue ?? 0)
    )
      fail('nothing is placed where it does not fit', `${key}: ${JSON.stringify(used)}`);
    for (const [name, ports] of [
      ['PORTS', used.tcpPorts],
      ['PORTS_UDP', used.udpPorts],
    ] as const) {
      const taken = [...ports, ...(resource(name)?.stringSetValue ?? []).map(Number)];
      if (new Set(taken).size < taken.length)
        fail('nothing is placed where it does not fit', `${key}: ${name} ${taken.join(' ')}`);
    }
  }

  /** Its load balancers are content, but its own health checks have said nothing yet: it counts as healthy for nobody. */
  #isUnproven(task: TaskRecord): boolean {
    const { containerDefinitions = [] } = this.#records.definitionOf(task)?.definition ?? {};
    return (
      task.activation?.loadBalancers !== undefined &&
      task.healthStatus !== 'HEALTHY' &&
      containerDefinitions.some(({ healthCheck }) => healthCheck !== undefined)
    );
  }

  #checkProtection(before: TaskRecord, after: TaskRecord | undefined): void {
    if (!isStoppedByScheduler(before, after)) return;
    if ((before.protectedUntil ?? 0) > this.#now())
      fail(
        'a protected task is not scaled in',
        `task ${before.id} is protected until ${before.protectedUntil}`,
      );
  }

  #checkServices(changes: RecordChanges): void {
    const byService = new Map<string, Changed<TaskRecord>[]>();
    for (const change of changes.tasks) {
      const task = change.after ?? change.before;
      const service = task && serviceKeyOf(change.key, task);
      if (service !== undefined) byService.set(service, [...(byService.get(service) ?? []), change]);
    }
    for (const [key, taskChanges] of byService) {
      const service = this.#records.services.get(key);
      if (service?.status !== 'ACTIVE') continue;
      const tasks = this.#records.ofService(key);
      const isWell = (task: TaskRecord): boolean =>
        isHealthy(task) && this.#records.isHealthyTarget(scopeOf(key), task);
      for (const { before, after } of taskChanges)
        if (before !== undefined && isWell(before)) this.#checkProtection(before, after);
      if (service.schedulingStrategy === 'DAEMON') {
        checkDaemon(key, tasks);
        continue;
      }
      const launched = taskChanges.flatMap(({ before, after }) => (before === undefined && after) || []);
      for (const together of apart(service, tasks, launched)) checkMaximum(key, service, together);
      const stopped = taskChanges.flatMap(({ before, after }) =>
        before !== undefined &&
        isWell(before) &&
        !this.#isUnproven(before) &&
        isStoppedByScheduler(before, after)
          ? before
          : [],
      );
      if (stopped.length === 0) continue;
      const healthy = tasks.filter(isWell);
      if (!isShifting(service)) checkMinimum(key, service, healthy.length);
      checkServed(this.#records, key, service, stopped, healthy);
    }
  }
}

const statuses: readonly TaskRecord['lastStatus'][] = [
  ...(['PROVISIONING', 'PENDING', 'ACTIVATING', 'RUNNING'] as const),
  ...(['DEACTIVATING', 'STOPPING', 'DEPROVISIONING', 'STOPPED'] as const),
];

const fixedFields = [
  ...(['id', 'cluster', 'taskDefinition', 'group', 'startedBy'] as const),
  ...(['service', 'createdAt', 'reserved', 'launchType', 'capacityProviderName', 'lender'] as const),
];

/**
 * Tasks that are counted together: deployments that traffic is shifted between are each kept as if they were alone.
 * @param launched Only what some of these are of.
 */
function apart(service: ServiceRecord, tasks: readonly TaskRecord[], launched: readonly TaskRecord[]) {
  const isTogether = service.deploymentConfiguration.strategy === 'ROLLING';
  const part = (task: TaskRecord): string => (isTogether ? '' : (task.service?.deploymentId ?? ''));
  return new Set(launched.map(part)).values().map((id) => tasks.filter((task) => part(task) === id));
}

/** A launch must not take the service above its maximum. */
function checkMaximum(key: string, service: ServiceRecord, tasks: readonly TaskRecord[]): void {
  const { maximumPercent } = service.deploymentConfiguration;
  const max = Math.floor((service.desiredCount * maximumPercent) / 100);
  const counted = tasks.filter(
    ({ lastStatus }) => statuses.indexOf(lastStatus) <= statuses.indexOf('RUNNING'),
  );
  if (counted.length > max)
    fail(
      'never over maximumPercent',
      `${key} has ${counted.length} tasks; ${maximumPercent}% of ${service.desiredCount} are ${max}`,
    );
}

/** What the scheduler stops must not take the service below its minimum. */
function checkMinimum(key: string, service: ServiceRecord, healthy: number): void {
  const { minimumHealthyPercent } = service.deploymentConfiguration;
  const min = Math.ceil((service.desiredCount * minimumHealthyPercent) / 100);
  if (healthy < min)
    fail(
      'never under minimumHealthyPercent',
      `${key} is left with ${healthy} healthy tasks; ${minimumHealthyPercent}% of ${service.desiredCount} are ${min}`,
    );
}

/** By the most generous measure. */
function isHealthy({ lastStatus, desiredStatus, healthStatus }: TaskRecord): boolean {
  return lastStatus === 'RUNNING' && desiredStatus === 'RUNNING' && healthStatus !== 'UNHEALTHY';
}

function isStoppedByScheduler(before: TaskRecord, after: TaskRecord | undefined): boolean {
  return (
    before.desiredStatus === 'RUNNING' &&
    after?.desiredStatus === 'STOPPED' &&
    after.stopCode === 'ServiceSchedulerInitiated'
  );
}

/** A daemon is on each instance once. */
function checkDaemon(key: string, tasks: readonly TaskRecord[]): void {
  const counted = tasks.filter(
    ({ lastStatus }) => statuses.indexOf(lastStatus) <= statuses.indexOf('RUNNING'),
  );
  for (const [instance, count] of countBy(counted, ({ containerInstanceId = '' }) => containerInstanceId))
    if (count > 1) fail('a daemon is on each instance once', `${key} has ${count} tasks on ${instance}`);
}

/** `attribute:rack in [a, b]`, the one form that is asked for here. */
export function isMember(instance: ContainerInstanceRecord | undefined, expression: string): boolean {
  const rack = instance?.attributes.find(({ name }) => name === 'rack')?.value ?? '';
  const allowed = /^attribute:rack in \[(.*)\]$/.exec(expression)?.[1]?.split(', ');
  return allowed?.includes(rack) ?? false;
}

function touchedInstances(changes: RecordChanges): ReadonlySet<string> {
  const keys = new Set(changes.instances.map(({ key }) => key));
  for (const { key, before, after } of changes.tasks) {
    const task = after ?? before;
    for (const instance of task ? roomOf(key, task) : []) keys.add(instance);
  }
  return keys;
}

function countBy<T>(items: readonly T[], of: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(of(item), (counts.get(of(item)) ?? 0) + 1);
  return counts;
}

const byNumber = (one: number, other: number): number => one - other;

function describe(key: string, task: TaskRecord): string {
  const owner = task.service?.name ?? task.startedBy ?? task.group;
  return `task ${key.split('/').at(-1)} of ${owner} is ${task.lastStatus}, wanted ${task.desiredStatus}`;
}
