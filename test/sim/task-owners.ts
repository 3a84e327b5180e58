import type {
  DescribeTasksCommandOutput,
  RunTaskCommandInput,
  RunTaskCommandOutput,
  UpdateTaskProtectionCommandOutput,
} from '@aws-sdk/client-ecs';
import { type Random, uuid } from '../../src/clock/index.ts';
import type { Api } from './api.ts';
import { fail } from './broken-rule.ts';
import { type Capacity, type CapacityPlan, capacityOf, capacityWish, splitOf } from './capacity-plan.ts';
import { differenceOf } from './capacity-rules.ts';
import type { Facts } from './facts.ts';
import { arnOfKey, clusterOfKey, keyOfArn, type Records } from './records.ts';
import { registerDefinition } from './register-definition.ts';
import { pick, placementConstraints, placementStrategy } from './requests.ts';
import { asInput } from './service-owners.ts';

export interface TaskOwnersOptions {
  readonly api: Api;
  readonly capacity: CapacityPlan;
  readonly records: Records;
  readonly facts: Facts;
}

/** Who runs, stops, watches and protects tasks, and who takes Spot's capacity back. */
export class TaskOwners {
  readonly #options: TaskOwnersOptions;
  readonly #promised = new Set<string>();
  /** Keys of tasks whose protection somebody is changing: of two at once, either may be the last. */
  readonly #beingProtected = new Set<string>();
  #protecting: Promise<void> = Promise.resolve();
  #names = 0;

  constructor(options: TaskOwnersOptions) {
    this.#options = options;
  }

  /** ARNs of tasks that were promised, and are not a service's. */
  get promised(): ReadonlySet<string> {
    return this.#promised;
  }

  async run(random: Random): Promise<void> {
    const { api, facts, capacity: plan } = this.#options;
    this.#names += 1;
    const startedBy = `run-${this.#names}`;
    const cluster = pick(random, plan.clusters) ?? 'default';
    const wish = capacityWish(plan, cluster, random);
    const capacity = capacityOf(plan, cluster, wish);
    const registered = await registerDefinition(
      api,
      `task-${random.integer(4)}`,
      capacity.launchType,
      random,
    );
    if (registered === undefined) return;
    const count = 1 + random.integer(4);
    facts.request(startedBy, { count, capacity });
    const input: RunTaskCommandInput = {
      cluster,
      ...registered,
      ...asInput(wish),
      count,
      startedBy,
      clientToken: uuid(random),
      ...(capacity.launchType === 'EC2' && {
        placementStrategy: placementStrategy(random),
        placementConstraints: placementConstraints(random),
      }),
    };
    const answer = await api.ask('RunTask', input);
    if (!('output' in answer)) return;
    const { tasks = [] } = answer.output as RunTaskCommandOutput;
    this.#promise(tasks);
    if (tasks.length === count) checkSplit(capacity, tasks);
  }

  async startOn(containerInstance: string, random: Random): Promise<void> {
    const { api } = this.#options;
    const registered = await registerDefinition(api, `task-${random.integer(4)}`, 'EC2', random);
    if (registered === undefined) return;
    const answer = await api.ask('StartTask', { ...registered, containerInstances: [containerInstance] });
    if ('output' in answer) this.#promise((answer.output as RunTaskCommandOutput).tasks ?? []);
  }

  async stop(random: Random): Promise<void> {
    const { records } = this.#options;
    const live = [...this.#promised].filter(
      (arn) => records.tasks.get(keyOfArn(arn))?.desiredStatus === 'RUNNING',
    );
    const task = pick(random, live);
    if (task !== undefined) await this.#stop(task);
  }

  /** Also those of whom nobody was told: a StartTask whose answer was lost is asked again. */
  async stopAll(): Promise<void> {
    for (const [key, { service, desiredStatus }] of this.#options.records.tasks)
      if (service === undefined && desiredStatus === 'RUNNING') await this.#stop(arnOfKey(key));
  }

  /** What was promised is shown, for an hour after its end at least. */
  async describe(): Promise<void> {
    const { api, records } = this.#options;
    for (const [cluster, tasks] of Map.groupBy(this.#promised, (arn) => clusterOfKey(keyOfArn(arn)))) {
      const answer = await api.ask('DescribeTasks', { cluster, tasks: tasks.slice(-100) });
      if (!('output' in answer)) continue;
      for (const { arn } of (answer.output as DescribeTasksCommandOutput).failures ?? [])
        if (arn !== undefined && records.tasks.has(keyOfArn(arn)))
          fail('reads show what is durable', `DescribeTasks does not know ${arn}`);
    }
  }

  /** One user protects tasks: two would undo what the other was promised. */
  protect(random: Random): Promise<void> {
    const turn = this.#protecting.then(() => this.#protect(random));
    this.#protecting = turn.catch(() => {});
    return turn;
  }

  /** One Spot task, or all that there are. */
  async interruptSpot(random: Random): Promise<void> {
    const isEverything = random.float() < 0.3;
    const task = pick(random, this.spotTasks());
    if (isEverything || task !== undefined) await this.interrupt(isEverything ? undefined : task);
  }

  /** ARNs of those that are wanted RUNNING. */
  spotTasks(): readonly string[] {
    return [...this.#options.records.tasks].flatMap(([key, { capacityProviderName, desiredStatus }]) =>
      capacityProviderName === 'FARGATE_SPOT' && desiredStatus === 'RUNNING' ? arnOfKey(key) : [],
    );
  }

  async interrupt(task: string | undefined): Promise<void> {
    const { api, facts, records } = this.#options;
    facts.reclaim(task);
    const answer = await api.ask('InterruptSpot', task === undefined ? {} : { task });
    if (!('output' in answer)) return;
    for (const arn of (answer.output as { readonly taskArns: readonly string[] }).taskArns)
      if (records.tasks.get(keyOfArn(arn))?.stopCode !== 'SpotInterruption')
        fail('no lost acknowledgement', `${arn} was interrupted and does not say so`);
  }

  /** Some of a service's tasks are not to be scaled in for a while, or are no longer so. */
  async #protect(random: Random): Promise<void> {
    const { api, records } = this.#options;
    const candidates = [...records.tasks].filter(
      ([key, { service, desiredStatus }]) =>
        service !== undefined && desiredStatus === 'RUNNING' && !this.#beingProtected.has(key),
    );
    const [key] = pick(random, candidates) ?? [];
    if (key === undefined) return;
    this.#beingProtected.add(key);
    const protectionEnabled = random.float() < 0.7;
    const answer = await api.ask('UpdateTaskProtection', {
      cluster: clusterOfKey(key),
      tasks: [arnOfKey(key)],
      protectionEnabled,
      ...(protectionEnabled && { expiresInMinutes: 1 + random.integer(10) }),
    });
    // What was not answered may yet arrive.
    if (!('output' in answer)) return;
    this.#beingProtected.delete(key);
    const { protectedTasks = [] } = answer.output as UpdateTaskProtectionCommandOutput;
    const until = records.tasks.get(key)?.protectedUntil;
    if (protectedTasks.length > 0 && protectionEnabled !== (until !== undefined))
      fail('no lost acknowledgement', `${key} was protected: ${protectionEnabled}; it is until ${until}`);
  }

  #promise(tasks: NonNullable<RunTaskCommandOutput['tasks']>): void {
    for (const { taskArn } of tasks) {
      if (taskArn === undefined || !this.#options.records.tasks.has(keyOfArn(taskArn)))
        fail('no lost acknowledgement', `${taskArn} was acknowledged and is not durable`);
      this.#promised.add(taskArn);
    }
  }

  async #stop(task: string): Promise<void> {
    const { api, facts, records } = this.#options;
    facts.stopRequested(task);
    const cluster = clusterOfKey(keyOfArn(task));
    const answer = await api.ask('StopTask', { cluster, task, reason: 'Asked to' });
    if ('output' in answer && records.tasks.get(keyOfArn(task))?.desiredStatus === 'RUNNING')
      fail('no lost acknowledgement', `${task} was stopped and is wanted RUNNING`);
  }
}

/** A launch of all is shared out as its strategy says. */
function checkSplit({ strategy }: Capacity, tasks: NonNullable<RunTaskCommandOutput['tasks']>): void {
  if (strategy.length === 0) return;
  const difference = differenceOf(
    splitOf(strategy, tasks.length),
    tasks.map(({ capacityProviderName = '' }) => capacityProviderName),
  );
  if (difference !== undefined) fail('base and weights are kept', `RunTask has made ${difference}`);
}
