import { type Clock, hex, type Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import { NetworkError } from '../../network/index.ts';
import type { AcsTask } from '../../protocols/index.ts';
import type { Runtime, Sandbox } from '../../runtime/index.ts';
import type { AgentSettings, AgentStatus } from '../agent-options.ts';
import { BackOff, retry } from '../back-off.ts';
import type { Awslogs } from '../logs/awslogs.ts';
import type { StateFile } from '../state/state-file.ts';
import { newProgress, type TaskRecord, withoutSecrets } from '../state/task-record.ts';
import { sortFound } from './adoption.ts';
import { OrphanRemoval } from './orphan-removal.ts';
import type { TaskPlan } from './plan.ts';
import type { PlanContext } from './sandbox-spec.ts';
import { planTask } from './task-definition.ts';
import { TaskOwner } from './task-owner.ts';
import { raced, type TaskSteps } from './task-steps.ts';

/** How long a closing agent waits for what it has begun, so that its successor finds it done or not begun. */
const closingPatienceMs = 5_000;

/** In a stopped reason; Fargate asks no instance for its attributes. */
const noTaskRoles =
  'A task role needs 169.254.170.2, an address on which this machine does not listen: its log says why';

/** All tasks of this instance, and what the engine says of them. */
export class TaskBoard {
  readonly #options: TaskBoardOptions;
  readonly #owners = new Map<string, TaskOwner>();
  readonly #stopped = new Set<string>();
  readonly #orphans: OrphanRemoval;
  #engine: AgentStatus['engine'] = { isConnected: false, reason: 'Not yet connected' };

  constructor(options: TaskBoardOptions) {
    this.#options = options;
    this.#orphans = new OrphanRemoval(options);
  }

  get engine(): AgentStatus['engine'] {
    return this.#engine;
  }

  owners(): Iterable<TaskOwner> {
    return this.#owners.values();
  }

  owner(taskArn: string): TaskOwner | undefined {
    return this.#owners.get(taskArn);
  }

  counts(): AgentStatus['tasks'] {
    const counts = { pending: 0, running: 0, stopped: 0 };
    for (const { progress } of this.#owners.values()) {
      if (progress.isReleased) counts.stopped += 1;
      else if (progress.hasReachedRunning) counts.running += 1;
      else counts.pending += 1;
    }
    return counts;
  }

  /**
   * Takes in a payload's tasks. Starts wait for the stops that came with them, for they may need what those hold.
   * Known tasks are told only of a stop: a definition never changes and there is no way back from STOPPED.
   * Durable on return.
   */
  accept(tasks: readonly AcsTask[], sequence: number): Acceptance {
    const { state, clock, settings } = this.#options;
    const unrecognized: Acceptance['unrecognized'][number][] = [];
    const over: AcsTask[] = [];
    const fresh: { record: TaskRecord; plan: TaskPlan }[] = [];
    const stopping = tasks.filter((task) => task.desiredStatus === 'STOPPED').map((task) => task.arn);
    const waitsFor = stopping.filter((taskArn) => this.#isHolding(taskArn));

    for (const task of tasks) {
      if (this.#owners.has(task.arn)) continue;
      if (state.isFinished(task.arn)) {
        over.push(task);
        continue;
      }
      if (task.roleCredentials !== undefined && !this.#options.offersTaskRoles) {
        unrecognized.push({ task, reason: noTaskRoles });
        continue;
      }
      const kept = withoutSecrets(task);
      const progress = newProgress(kept, {
        waitsFor: task.desiredStatus === 'RUNNING' ? waitsFor : [],
        receivedAtMs: clock.now(),
        makeMetadataId: () => hex(this.#options.random, 32),
      });
      try {
        const plan = this.#plan({ task: kept, progress });
        fresh.push({ record: { task: kept, progress }, plan });
      } catch (error) {
        unrecognized.push({ task, reason: error instanceof Error ? error.message : String(error) });
      }
    }
    state.accept(
      fresh.map(({ record }) => record),
      sequence,
    );
    for (const { record, plan } of fresh) this.#own(record, plan).poke();
    for (const taskArn of stopping) this.#owners.get(taskArn)?.stop();
    this.#pruneStopped(settings.stoppedTasksKept);
    return { unrecognized, over };
  }

  stop(taskArn: string): void {
    this.#owners.get(taskArn)?.stop();
  }

  /** Takes up the tasks of an earlier agent. What has become of their containers, the engine will say. */
  recall(): void {
    const { state, log } = this.#options;
    for (const record of state.tasks()) {
      try {
        this.#own(record, this.#plan(record), true);
      } catch (error) {
        // Its containers have no owner now, so they will be removed as orphans.
        log.error('A remembered task cannot be read any more: it is given up', {
          task: record.task.arn,
          error,
        });
        state.finish(record.task.arn);
        this.#options.onTaskLost(record.task, error instanceof Error ? error.message : String(error));
      }
    }
  }

  /** Follows the engine until the signal aborts. Events may be missed while it is away: then all is looked at anew. */
  async watch(): Promise<void> {
    const { runtime, signal, log } = this.#options;
    for await (const event of runtime.events(this.#label(), signal)) {
      switch (event.type) {
        case 'connected':
          await this.#lookAround();
          break;
        case 'disconnected':
          this.#engine = { isConnected: false, reason: event.reason };
          log.warn('The container engine is away: running containers go on, changes wait', {
            reason: event.reason,
          });
          break;
        case 'container':
          this.#containerChanged(event.name, event.labels['com.amazonaws.ecs.task-arn']);
          break;
      }
    }
  }

  /**
   * Compares all that the engine has of ours with what we know: adopts what an earlier agent started, finds what
   * changed unseen, and has removed what belongs to no task. Waits for the engine as long as it takes.
   */
  async #lookAround(): Promise<void> {
    const { runtime } = this.#options;
    const [containers, sandboxes] = await this.#untilDone('The container engine does not answer', () =>
      Promise.all([runtime.listContainers(this.#label()), runtime.listSandboxes(this.#label())]),
    );
    this.#engine = { isConnected: true };
    const plans = this.#plans();
    const { adopted, orphanContainers, orphanSandboxes } = sortFound(plans, containers, sandboxes);
    for (const owner of this.#owners.values()) {
      for (const { name, spec } of owner.plan.containers) owner.listed(name, adopted.get(spec.name));
      owner.poke();
    }
    this.#rejoin(sandboxes);
    for (const name of orphanContainers) {
      const isOrphan = (): boolean =>
        !this.#plans().some((plan) => plan.containers.some(({ spec }) => spec.name === name));
      this.#orphans.add({ name: `container ${name}`, isOrphan, remove: () => runtime.removeContainer(name) });
    }
    for (const id of orphanSandboxes) {
      const isOrphan = (): boolean => !this.#plans().some(({ sandbox }) => sandbox.id === id);
      this.#orphans.add({ name: `sandbox ${id}`, isOrphan, remove: () => runtime.removeSandbox(id) });
    }
  }

  /** Puts the interfaces of tasks that run already into their sandboxes again: whoever guarded them may be gone. */
  #rejoin(sandboxes: readonly Sandbox[]): void {
    const running = new Set(sandboxes.filter(({ pause }) => pause?.isRunning).map(({ id }) => id));
    for (const owner of this.#owners.values()) {
      const { plan, progress } = owner;
      if (!progress.isAttached || progress.isReleased || !running.has(plan.sandbox.id)) continue;
      const isGuarded = plan.sandbox.network.mode === 'interface';
      const onLoss = (reason: string): void => owner.interfaceLost(reason);
      this.#options.steps.rejoinInterface(plan, onLoss).catch((error: unknown) => {
        if (this.#options.signal.aborted) return;
        // One that the kernel guards loses nothing; where nobody guards it, it may not stay.
        if (!isGuarded && error instanceof NetworkError) return onLoss(error.message);
        this.#options.log.error('The network interface of a running task could not be joined again', {
          task: plan.taskArn,
          error,
        });
      });
    }
  }

  #plans(): readonly TaskPlan[] {
    return [...this.#owners.values()].map((owner) => owner.plan);
  }

  #containerChanged(runtimeName: string, taskArn: string | undefined): void {
    const owner = taskArn === undefined ? undefined : this.#owners.get(taskArn);
    const container = owner?.plan.containers.find(({ spec }) => spec.name === runtimeName);
    if (owner && container) owner.containerChanged(container.name);
  }

  /** Again and again until it succeeds or the agent closes. */
  #untilDone<T>(complaint: string, work: () => Promise<T>): Promise<T> {
    const { clock, random, signal, log } = this.#options;
    return retry(work, {
      backOff: new BackOff({ leastMs: 100, mostMs: 5_000 }, random),
      clock,
      signal,
      isRetryable: () => true,
      onFailure: (error) => {
        const reason = error instanceof Error ? error.message : String(error);
        if (this.#engine.reason !== reason) log.warn(`${complaint}: trying again`, { error });
        this.#engine = { isConnected: false, reason };
      },
    });
  }

  /** Only after the signal aborted: waits a while for the steps under way. */
  async close(): Promise<void> {
    const { clock, log } = this.#options;
    const ended = Promise.all([...this.#owners.values()].map((owner) => owner.close()));
    const isDone = await raced(
      clock,
      closingPatienceMs,
      Promise.all([ended, this.#orphans.settled()]).then(() => true),
    );
    if (!isDone) log.warn('The agent closes while the container engine still works on its last steps');
  }

  #plan({ task, progress }: TaskRecord): TaskPlan {
    const metadataIds = Object.fromEntries(
      Object.entries(progress.containers).map(([name, container]) => [name, container.metadataId]),
    );
    return planTask(task, metadataIds, this.#options.planContext);
  }

  #own(record: TaskRecord, plan: TaskPlan, isRecalled = false): TaskOwner {
    const { steps, state, settings, logs, clock, random, log, signal } = this.#options;
    const owner = new TaskOwner(record, plan, isRecalled, {
      steps,
      state,
      settings,
      logs,
      clock,
      random,
      log,
      signal,
      isHolding: (taskArn) => this.#isHolding(taskArn),
      onTurn: (changed) => this.#afterTurn(changed),
      onRemoved: (removed) => this.#forget(removed),
    });
    this.#owners.set(record.task.arn, owner);
    this.#options.onTaskAdded(owner);
    return owner;
  }

  #isHolding(taskArn: string): boolean {
    const owner = this.#owners.get(taskArn);
    return owner !== undefined && !owner.progress.isReleased;
  }

  #afterTurn(owner: TaskOwner): void {
    // One that was removed takes a last turn of its own.
    if (this.#owners.get(owner.taskArn) !== owner) return;
    if (owner.progress.isReleased && !this.#stopped.has(owner.taskArn)) {
      this.#stopped.add(owner.taskArn);
      for (const other of this.#owners.values()) {
        if (other.progress.waitsFor.includes(owner.taskArn)) other.poke();
      }
      this.#pruneStopped(this.#options.settings.stoppedTasksKept);
    }
    this.#options.onTaskChanged(owner);
  }

  #forget(owner: TaskOwner): void {
    this.#options.state.finish(owner.taskArn);
    this.#owners.delete(owner.taskArn);
    this.#stopped.delete(owner.taskArn);
    this.#options.onTaskRemoved(owner);
  }

  /** The oldest go first; what the control plane has not acknowledged stays. */
  #pruneStopped(keep: number): void {
    let surplus = this.#stopped.size - keep;
    for (const taskArn of this.#stopped) {
      if (surplus <= 0) return;
      this.#owners.get(taskArn)?.removeSoon();
      surplus -= 1;
    }
  }

  #label(): Readonly<Record<string, string>> {
    return { 'catamaran.instance': this.#options.planContext.instanceId };
  }
}

export interface Acceptance {
  /** Tasks that this agent cannot run. */
  readonly unrecognized: readonly { readonly task: AcsTask; readonly reason: string }[];
  /** Tasks that have run and are cleaned up: they are not started again. */
  readonly over: readonly AcsTask[];
}

export interface TaskBoardOptions {
  readonly steps: TaskSteps;
  readonly state: StateFile;
  readonly settings: AgentSettings;
  readonly planContext: PlanContext;
  readonly runtime: Runtime;
  readonly logs: Awslogs | undefined;
  /** Containers can be given the credentials of a role. */
  readonly offersTaskRoles: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
  onTaskAdded(owner: TaskOwner): void;
  onTaskChanged(owner: TaskOwner): void;
  onTaskRemoved(owner: TaskOwner): void;
  /** A remembered task that cannot be read any more. */
  onTaskLost(task: AcsTask, reason: string): void;
}
