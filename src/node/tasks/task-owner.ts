import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { AcsTask } from '../../protocols/index.ts';
import type { Container } from '../../runtime/index.ts';
import type { AgentSettings } from '../agent-options.ts';
import { BackOff } from '../back-off.ts';
import type { Awslogs } from '../logs/awslogs.ts';
import type { StateFile } from '../state/state-file.ts';
import {
  patchContainer,
  type ReportedState,
  type TaskProgress,
  type TaskRecord,
} from '../state/task-record.ts';
import { failureOf } from './failures.ts';
import type { PlannedContainer, TaskPlan } from './plan.ts';
import { decide, isTaskStopping, type Step, type TaskView } from './task-machine.ts';
import { withFailure, withObserved, withOutcome, withPull, withRunning } from './task-progress.ts';
import type { TaskSteps } from './task-steps.ts';
import { type ContainerMemory, outcomeOf, viewOf } from './task-view.ts';

const saveRetryMs = 1_000;
const turnRetryMs = 5_000;

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
    /** Of the monotonic clock. */
    pausedUntilMs?: number;
    backOff: BackOff;
  };
  #progress: TaskProgress;
  /** Steps whose effect a successor would do as well. */
  readonly #underWay = new Set<Promise<void>>();
  #isUnsaved = false;
  #isEndDurable = false;
  #isTurnDue = false;
  #isRemovalUrgent = false;
  #timer: Disposable | undefined;
  #saveLater: Disposable | undefined;

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
    const { clock } = this.#options;
    return viewOf(this.plan, progress, this.#memory, {
      clockOffsetMs: clock.now() - clock.monotonic(),
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
    this.#become({ ...this.#progress, desiredStatus: 'STOPPED' });
    this.#save();
    this.poke();
  }

  /** Something happened to this container: the engine will be asked. */
  containerChanged(container: string): void {
    this.#remembered(container).isStale = true;
    this.poke();
  }

  /** A container's ExecuteCommandAgent is connected. */
  executeCommandReady(container: string): void {
    this.#become(patchContainer(this.#progress, container, { isExecuteCommandReady: true }));
    this.poke();
  }

  /** The remains may go before their time. */
  removeSoon(): void {
    if (this.#isRemovalUrgent) return;
    this.#isRemovalUrgent = true;
    this.poke();
  }

  /** It may not have its network interface any more. */
  interfaceLost(reason: string): void {
    if (!this.isStopping) this.#fail(`ContainerNetworkingError: ${reason}`);
  }

  /** The control plane has acknowledged this. */
  acknowledge(reported: ReportedState): void {
    this.#become({ ...this.#progress, reported });
    this.poke();
  }

  /** Asks for a turn. */
  poke(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    queueMicrotask(() => {
      this.#isTurnDue = false;
      if (this.#options.signal.aborted) return;
      try {
        this.#turn();
      } catch (error) {
        this.#options.log.error('Task could not be taken further', { task: this.taskArn, error });
        this.#timer = this.#options.clock.after(turnRetryMs, () => this.poke());
      }
    });
  }

  /**
   * Only after the signal aborted: containers go on, the next agent finds them. Resolves when the steps under way
   * have ended, but for a stop or a removal: those may take their time, and the next agent's do no harm beside them.
   */
  async close(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#saveLater?.[Symbol.dispose]();
    for (const memory of this.#memory.values()) memory.pull?.abort();
    this.#save();
    await Promise.all(this.#underWay);
    this.#save();
    this.#saveLater?.[Symbol.dispose]();
  }

  #turn(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#become(withRunning(this.#progress, this.plan));
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
        this.#follow(step.type, this.#runOnSandbox(step.type));
        break;
      default:
        this.#follow(step.type, this.#runOnContainer(step, this.#remembered(step.container)));
    }
  }

  #follow(step: Step['type'], work: Promise<void>): void {
    if (step === 'stop' || step === 'remove') return;
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }

  async #runOnContainer(step: Step, memory: ContainerMemory): Promise<void> {
    const { log, signal } = this.#options;
    memory.busy = step.type;
    delete memory.pausedUntilMs;
    try {
      await this.#carryOut(step, memory);
      memory.backOff.reset();
    } catch (error) {
      const failure = failureOf(step.type, error);
      const isCancelled = memory.pull?.signal.aborted ?? false;
      if (signal.aborted || isCancelled) {
        log.debug('Step was cancelled', { task: this.taskArn, container: memory.plan.name, step: step.type });
      } else if (failure.type === 'retry') {
        memory.pausedUntilMs = this.#options.clock.monotonic() + memory.backOff.nextDelayMs();
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
        this.#endFailed(memory.plan, failure.reason);
        if (step.type === 'restart') this.#shipRest(memory);
      }
    } finally {
      delete memory.busy;
      memory.pull?.abort();
      delete memory.pull;
      this.poke();
    }
  }

  async #carryOut(step: Step, memory: ContainerMemory): Promise<void> {
    const { steps, clock, signal } = this.#options;
    const { plan: container } = memory;
    switch (step.type) {
      case 'pull': {
        memory.pull = new AbortController();
        const image = await steps.pull(container, memory.pull.signal, (startedAtMs) =>
          this.#become(withPull(this.#progress, startedAtMs, clock.now())),
        );
        memory.image = image;
        const resolved = { imageId: image.id, ...(image.digest && { imageDigest: image.digest }) };
        this.#become(patchContainer(this.#progress, container.name, resolved));
        return;
      }
      case 'create':
        return this.#observe(memory, await steps.create(this.plan, container, memory.image?.env ?? {}));
      case 'start':
      case 'restart': {
        const runtimeId = memory.observed?.runtimeId ?? '';
        const isWanted = (): boolean => !signal.aborted && !this.isStopping;
        const started = await steps.start(this.plan, container, runtimeId, isWanted);
        if (!started) return;
        if (step.type === 'restart') {
          const restartCount = (this.#progress.containers[container.name]?.restartCount ?? 0) + 1;
          this.#become(patchContainer(this.#progress, container.name, { restartCount }));
        }
        memory.isShipping = true;
        return this.#observe(memory, started, true);
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
    delete this.#sandbox.pausedUntilMs;
    try {
      if (type === 'create-sandbox') {
        await steps.createSandbox(this.plan, (reason) => this.interfaceLost(reason));
        this.#sandbox.state = 'ready';
        if (this.plan.attachmentArn !== undefined) this.#become({ ...this.#progress, isAttached: true });
      } else if (type === 'release-sandbox') {
        await steps.releaseSandbox(this.plan);
        this.#become({ ...this.#progress, isReleased: true, stoppedAtMs: clock.now() });
      } else {
        await steps.remove(this.plan);
        if (!signal.aborted) this.#options.onRemoved(this);
        this.#sandbox.state = 'removed';
      }
      this.#sandbox.backOff.reset();
    } catch (error) {
      const failure = failureOf(type, error);
      if (failure.type === 'retry') {
        this.#sandbox.pausedUntilMs = clock.monotonic() + this.#sandbox.backOff.nextDelayMs();
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
  #observe(memory: ContainerMemory, observed: Container | undefined, hasJustStarted = false): void {
    const { plan: container } = memory;
    if (observed === undefined) {
      delete memory.observed;
      if (!this.#progress.containers[container.name]?.hasStarted) return;
      const reason = `ContainerVanishedError: Container '${container.spec.name}' was removed from the engine`;
      const finishedAtMs = this.#options.clock.now();
      this.#become(withOutcome(this.#progress, container, { finishedAtMs, reason }));
      return;
    }
    memory.observed = observed;
    if (!memory.isShipping && observed.status.state !== 'created') this.#shipRest(memory);
    this.#become(withObserved(this.#progress, container, observed, hasJustStarted));
  }

  /** Somebody else began to read its output: it goes on where that one left off. */
  #shipRest(memory: ContainerMemory): void {
    memory.isShipping = true;
    this.#options.logs?.resume(this.taskArn, memory.plan, memory.observed?.runtimeId ?? '');
  }

  /** Makes a container's end final, in the words of its exit or with the reason why it never ran. */
  #settle({ plan: container, observed }: ContainerMemory, reason: string | undefined): void {
    const outcome = outcomeOf(observed, this.#options.clock.now());
    if (reason === undefined) this.#become(withOutcome(this.#progress, container, outcome));
    else this.#endFailed(container, reason);
    this.poke();
  }

  #endFailed(container: PlannedContainer, reason: string): void {
    const finishedAtMs = this.#options.clock.now();
    const ended = withOutcome(this.#progress, container, { finishedAtMs, reason });
    this.#become(withFailure(ended, reason, container));
  }

  #fail(reason: string): void {
    this.#options.log.warn('Task failed', { task: this.taskArn, reason });
    this.#become(withFailure(this.#progress, reason));
    this.poke();
  }

  #removeAtMs(): number | undefined {
    const { reported, stoppedAtMs } = this.#progress;
    if (reported.status !== 'STOPPED' || stoppedAtMs === undefined) return undefined;
    return this.#isRemovalUrgent ? 0 : stoppedAtMs + this.#options.settings.taskCleanupWaitMs;
  }

  #become(progress: TaskProgress): void {
    if (progress === this.#progress) return;
    this.#progress = progress;
    this.#isUnsaved = true;
  }

  /** A disk that is full must not stop the agent from stopping what fills it: what is not saved now is saved later. */
  #save(): void {
    if (!this.#isUnsaved) return;
    try {
      // The control plane is told of the end next: a power failure must not have the task begin again after that.
      const isEnd = this.#progress.isReleased && !this.#isEndDurable;
      this.#options.state.saveProgress(this.taskArn, this.#progress, isEnd);
      this.#isUnsaved = false;
      this.#isEndDurable ||= isEnd;
    } catch (error) {
      this.#options.log.error('Agent state cannot be written: check its disk', { task: this.taskArn, error });
      this.#saveLater ??= this.#options.clock.after(saveRetryMs, () => {
        this.#saveLater = undefined;
        this.poke();
      });
    }
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
