import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { AcsTask } from '../../protocols/index.ts';
import type { Container, Image } from '../../runtime/index.ts';
import type { AgentSettings } from '../agent-options.ts';
import { BackOff } from '../back-off.ts';
import type { Awslogs } from '../logs/awslogs.ts';
import type { StateFile } from '../state/state-file.ts';
import {
  type ContainerOutcome,
  patchContainer,
  type ReportedState,
  type TaskProgress,
  type TaskRecord,
} from '../state/task-record.ts';
import { failureOf } from './failures.ts';
import type { PlannedContainer, TaskPlan } from './plan.ts';
import { decide, isTaskStopping, type Step, type TaskView } from './task-machine.ts';
import type { TaskSteps } from './task-steps.ts';
import { bindingsOf, outcomeOf, viewOf } from './task-view.ts';

/**
 * Owns one task: the only place where its progress changes. A turn saves what has changed, decides, and begins the
 * steps of the decision; each step, event or timer that comes back asks for another turn. Nothing is lost when the
 * process dies between any two lines: the next owner decides again from the record and the engine's word.
 */
export class TaskOwner {
  readonly task: AcsTask;
  readonly plan: TaskPlan;
  readonly #options: TaskOwnerOptions;
  readonly #memory = new Map<string, ContainerMemory>();
  readonly #sandbox: {
    state: 'absent' | 'ready' | 'removed';
    isBusy: boolean;
    notBeforeMs?: number;
    backOff: BackOff;
  };
  #progress: TaskProgress;
  #isUnsaved = false;
  #isTurnDue = false;
  #isRemovalUrgent = false;
  #timer: Disposable | undefined;

  /** `isRecalled`: an earlier agent owned it, so the engine must be asked before anything is decided. */
  constructor(record: TaskRecord, plan: TaskPlan, isRecalled: boolean, options: TaskOwnerOptions) {
    this.task = record.task;
    this.plan = plan;
    this.#progress = record.progress;
    this.#options = options;
    this.#sandbox = { state: 'absent', isBusy: false, backOff: this.#newBackOff() };
    for (const container of plan.containers) {
      this.#memory.set(container.name, {
        plan: container,
        isStale: isRecalled,
        isShipping: false,
        backOff: this.#newBackOff(),
      });
    }
  }

  get taskArn(): string {
    return this.plan.taskArn;
  }

  get progress(): TaskProgress {
    return this.#progress;
  }

  /** What the engine last said of a container. */
  observed(container: string): Container | undefined {
    return this.#memory.get(container)?.observed;
  }

  get view(): TaskView {
    const { progress } = this;
    return viewOf(this.plan, progress, this.#memory, {
      sandbox: this.#sandbox,
      isBlocked: progress.waitsFor.some((taskArn) => this.#options.isHolding(taskArn)),
      removeAtMs: this.#removeAtMs(),
    });
  }

  get isStopping(): boolean {
    return isTaskStopping(this.plan, this.view);
  }

  /**
   * The engine's list says this of a container. A first word is taken as it is; later a list may be older than what
   * a step has done since, so a difference only makes the container be asked about.
   */
  listed(container: string, found: Container | undefined): void {
    const memory = this.#memory.get(container);
    if (!memory) return;
    const isFirst = memory.isStale && memory.busy === undefined && memory.observed === undefined;
    if (isFirst) {
      memory.isStale = false;
      this.#observe(memory, found);
    } else if (
      found?.status.state !== memory.observed?.status.state ||
      found?.health?.status !== memory.observed?.health?.status
    ) {
      memory.isStale = true;
    }
    this.poke();
  }

  /** The control plane wants it stopped. There is no way back. */
  stop(): void {
    if (this.#progress.desiredStatus === 'STOPPED') return;
    this.#change({ desiredStatus: 'STOPPED' });
    this.#save();
    this.poke();
  }

  /** Something happened to this container: the engine will be asked. */
  containerChanged(container: string): void {
    this.#remembered(container).isStale = true;
    this.poke();
  }

  /** The remains may go before their time. */
  removeSoon(): void {
    this.#isRemovalUrgent = true;
    this.poke();
  }

  /** The control plane has acknowledged this. */
  acknowledge(reported: ReportedState): void {
    this.#change({ reported });
    this.poke();
  }

  /** Asks for a turn. */
  poke(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    queueMicrotask(() => {
      this.#isTurnDue = false;
      if (!this.#options.signal.aborted) this.#turn();
    });
  }

  /** Only after the signal aborted: containers go on, the next agent finds them. */
  close(): void {
    this.#timer?.[Symbol.dispose]();
    for (const memory of this.#memory.values()) memory.pull?.abort();
    this.#save();
  }

  #turn(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#noteRunning();
    this.#save();
    const nowMs = this.#options.clock.now();
    const decision = decide(this.plan, this.view, nowMs);
    for (const step of decision.steps) this.#begin(step);
    if (decision.wakeAtMs !== undefined) {
      this.#timer = this.#options.clock.after(Math.max(1, decision.wakeAtMs - nowMs), () => this.poke());
    }
    this.#options.onTurn(this);
  }

  #begin(step: Step): void {
    switch (step.type) {
      case 'settle':
        this.#settle(this.#remembered(step.container), step.reason);
        break;
      case 'fail-task':
        this.#fail(step.reason);
        break;
      case 'cancel-pull':
        this.#remembered(step.container).pull?.abort();
        break;
      case 'create-sandbox':
      case 'release-sandbox':
      case 'remove':
        void this.#runOnSandbox(step.type);
        break;
      default:
        void this.#runOnContainer(step, this.#remembered(step.container));
    }
  }

  async #runOnContainer(step: Step, memory: ContainerMemory): Promise<void> {
    const { log, signal } = this.#options;
    memory.busy = step.type;
    delete memory.notBeforeMs;
    try {
      await this.#carryOut(step, memory);
      memory.backOff.reset();
    } catch (error) {
      const failure = failureOf(step.type, error);
      const isCancelled = memory.pull?.signal.aborted ?? false;
      if (signal.aborted || isCancelled) {
        log.debug('Step was cancelled', { task: this.taskArn, container: memory.plan.name, step: step.type });
      } else if (failure.type === 'retry') {
        memory.notBeforeMs = this.#options.clock.now() + memory.backOff.nextDelayMs();
        // Whether the step took effect is for the engine to say.
        memory.isStale = step.type !== 'pull';
        log.debug('Step will be tried again', {
          task: this.taskArn,
          container: memory.plan.name,
          step: step.type,
          because: failure.because,
        });
      } else {
        log.warn('Container failed', {
          task: this.taskArn,
          container: memory.plan.name,
          step: step.type,
          reason: failure.reason,
        });
        this.#end(memory, { finishedAtMs: this.#options.clock.now(), reason: failure.reason });
        this.#noteFailure(failure.reason, memory.plan);
        if (step.type === 'restart') this.#shipRest(memory);
      }
    } finally {
      delete memory.busy;
      delete memory.pull;
      this.poke();
    }
  }

  async #carryOut(step: Step, memory: ContainerMemory): Promise<void> {
    const { steps, clock } = this.#options;
    const { plan: container } = memory;
    switch (step.type) {
      case 'pull': {
        memory.pull = new AbortController();
        const startedAtMs = clock.now();
        const { image, wasPulled } = await steps.pull(container, memory.pull.signal);
        memory.image = image;
        this.#patch(container.name, {
          imageId: image.id,
          ...(image.digest && { imageDigest: image.digest }),
        });
        if (wasPulled) this.#notePull(startedAtMs, clock.now());
        return;
      }
      case 'create':
        return this.#observe(memory, await steps.create(this.plan, container, memory.image?.env ?? {}));
      case 'start':
      case 'restart': {
        const runtimeId = memory.observed?.runtimeId ?? '';
        const started = await steps.start(this.plan, container, runtimeId, () => !this.isStopping);
        if (!started) return;
        if (step.type === 'restart') {
          const restartCount = (this.#progress.containers[container.name]?.restartCount ?? 0) + 1;
          this.#patch(container.name, { restartCount });
        }
        memory.isShipping = true;
        return this.#observe(memory, started, { hasJustStarted: true });
      }
      case 'stop':
        await steps.stop(container, step.timeoutSeconds);
        memory.isStale = true;
        return;
      case 'inspect':
        memory.isStale = false;
        return this.#observe(memory, await steps.inspect(container));
      default:
        throw new TypeError(`Step '${step.type}' is not a container's`);
    }
  }

  async #runOnSandbox(type: 'create-sandbox' | 'release-sandbox' | 'remove'): Promise<void> {
    const { steps, clock, signal, log } = this.#options;
    this.#sandbox.isBusy = true;
    delete this.#sandbox.notBeforeMs;
    try {
      if (type === 'create-sandbox') {
        await steps.createSandbox(this.plan);
        this.#sandbox.state = 'ready';
        if (this.plan.attachmentArn !== undefined) this.#change({ isAttached: true });
      } else if (type === 'release-sandbox') {
        await steps.releaseSandbox(this.plan);
        this.#change({ isReleased: true, stoppedAtMs: clock.now() });
      } else {
        await steps.remove(this.plan);
        this.#sandbox.state = 'removed';
        if (!signal.aborted) this.#options.onRemoved(this);
      }
      this.#sandbox.backOff.reset();
    } catch (error) {
      const failure = failureOf(type, error);
      if (failure.type === 'retry') {
        this.#sandbox.notBeforeMs = clock.now() + this.#sandbox.backOff.nextDelayMs();
        log.debug('Step will be tried again', { task: this.taskArn, step: type, because: failure.because });
      } else if (!signal.aborted) {
        this.#fail(failure.reason);
      }
    } finally {
      this.#sandbox.isBusy = false;
      this.poke();
    }
  }

  /** Takes in what the engine says of a container. */
  #observe(
    memory: ContainerMemory,
    observed: Container | undefined,
    options?: { hasJustStarted: boolean },
  ): void {
    const { plan: container } = memory;
    const before = this.#progress.containers[container.name];
    if (!before) return;
    if (observed === undefined) {
      delete memory.observed;
      if (before.outcome || !before.hasStarted) return;
      const reason = `ContainerVanishedError: Container '${container.spec.name}' was removed from the engine`;
      this.#end(memory, { finishedAtMs: this.#options.clock.now(), reason });
      return;
    }
    memory.observed = observed;
    if (!memory.isShipping && observed.status.state !== 'created') this.#shipRest(memory);
    const hasStarted = options?.hasJustStarted || observed.status.state === 'running' || hasRun(observed);
    this.#patch(container.name, {
      runtimeId: observed.runtimeId,
      hasStarted: before.hasStarted || hasStarted,
      ...(observed.status.state === 'running' && { networkBindings: bindingsOf(container, observed) }),
    });
  }

  /** Somebody else began to read its output: it goes on where that one left off. */
  #shipRest(memory: ContainerMemory): void {
    memory.isShipping = true;
    this.#options.logs?.resume(this.taskArn, memory.plan, memory.observed?.runtimeId ?? '');
  }

  /** Makes a container's end final, in the words of its exit or with the reason why it never ran. */
  #settle(memory: ContainerMemory, reason: string | undefined): void {
    const outcome = outcomeOf(memory.observed, this.#options.clock.now());
    this.#end(memory, reason === undefined ? outcome : { finishedAtMs: outcome.finishedAtMs, reason });
    if (reason !== undefined) this.#noteFailure(reason, memory.plan);
    this.poke();
  }

  #end(memory: ContainerMemory, outcome: ContainerOutcome): void {
    const { plan: container } = memory;
    if (this.#progress.containers[container.name]?.outcome) return;
    this.#patch(container.name, { outcome });
    const isExecutionOver = container.isEssential && this.#progress.containers[container.name]?.hasStarted;
    if (isExecutionOver && this.#progress.executionStoppedAtMs === undefined) {
      this.#change({ executionStoppedAtMs: outcome.finishedAtMs });
    }
  }

  #fail(reason: string): void {
    this.#options.log.warn('Task failed', { task: this.taskArn, reason });
    this.#noteFailure(reason);
    this.poke();
  }

  /** The task's own reason is its first failure: its own, or an essential container's before RUNNING. */
  #noteFailure(reason: string, container?: PlannedContainer): void {
    const isTaskFailure =
      container === undefined || (container.isEssential && !this.#progress.hasReachedRunning);
    if (isTaskFailure && this.#progress.failure === undefined) this.#change({ failure: reason });
  }

  /** RUNNING means that every container has been started; one that could not and is not essential does not count. */
  #noteRunning(): void {
    if (this.#progress.hasReachedRunning) return;
    const isRunning = this.plan.containers.every(({ name, isEssential }) => {
      const container = this.#progress.containers[name];
      return container?.hasStarted || (!isEssential && container?.outcome !== undefined);
    });
    if (isRunning) this.#change({ hasReachedRunning: true });
  }

  #notePull(startedAtMs: number, stoppedAtMs: number): void {
    this.#change({
      pullStartedAtMs: Math.min(startedAtMs, this.#progress.pullStartedAtMs ?? startedAtMs),
      pullStoppedAtMs: stoppedAtMs,
    });
  }

  #removeAtMs(): number | undefined {
    const { reported, stoppedAtMs } = this.#progress;
    if (reported.status !== 'STOPPED' || stoppedAtMs === undefined) return undefined;
    return this.#isRemovalUrgent ? 0 : stoppedAtMs + this.#options.settings.taskCleanupWaitMs;
  }

  #patch(container: string, patch: Parameters<typeof patchContainer>[2]): void {
    this.#progress = patchContainer(this.#progress, container, patch);
    this.#isUnsaved = true;
  }

  #change(patch: Partial<TaskProgress>): void {
    this.#progress = { ...this.#progress, ...patch };
    this.#isUnsaved = true;
  }

  #save(): void {
    if (!this.#isUnsaved) return;
    this.#options.state.saveProgress(this.taskArn, this.#progress);
    this.#isUnsaved = false;
  }

  #remembered(container: string): ContainerMemory {
    const memory = this.#memory.get(container);
    if (!memory) throw new TypeError(`Task '${this.taskArn}' has no container '${container}'`);
    return memory;
  }

  #newBackOff(): BackOff {
    return new BackOff({ leastMs: 250, mostMs: 10_000 }, this.#options.random);
  }
}

export interface TaskOwnerOptions {
  readonly steps: TaskSteps;
  readonly state: StateFile;
  readonly settings: AgentSettings;
  readonly logs: Awslogs | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Whether this task still holds what another waits for. */
  isHolding(taskArn: string): boolean;
  /** After every turn: reports and health may have changed. */
  onTurn(owner: TaskOwner): void;
  onRemoved(owner: TaskOwner): void;
}

/** What is known of a container while the process lives. */
export interface ContainerMemory {
  readonly plan: PlannedContainer;
  readonly backOff: BackOff;
  observed?: Container;
  image?: Image;
  busy?: Step['type'];
  pull?: AbortController;
  isStale: boolean;
  /** Its output is being read by this process. */
  isShipping: boolean;
  notBeforeMs?: number;
}

const hasRun = ({ status }: Container): boolean =>
  status.state === 'exited' && status.startedAtMs !== undefined;
