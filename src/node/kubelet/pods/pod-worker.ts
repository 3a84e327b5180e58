import type { Clock, Random } from '../../../clock/index.ts';
import type { Log } from '../../../log.ts';
import { isEngineAway } from '../../../runtime/index.ts';
import { BackOff } from '../../back-off.ts';
import { Gate } from '../../gate.ts';
import { given } from '../../reading.ts';
import type { PodEvents } from '../events/pod-events.ts';
import { ImageError, ImagePuller, type ImagePullerOptions } from '../images/image-puller.ts';
import { allContainers, allStatuses, type Pod, type PodContainer, type PodStatus } from '../objects/pod.ts';
import { ContainerProbes, type ProbedHealth } from '../probes/container-probes.ts';
import type { RunHandler } from '../probes/run-probe.ts';
import type { PendingResize } from '../resources/resizes.ts';
import type { ContainerFacts } from '../status/container-status.ts';
import { isOver, podStatus } from '../status/pod-status.ts';
import { StatusWriter, type StatusWriterOptions } from '../status/status-writer.ts';
import { MountError } from '../volumes/mount-error.ts';
import { CrashBackOff, durationText } from './crash-back-off.ts';
import { earlier } from './earlier.ts';
import { messageOf } from './failures.ts';
import { podLabels, podText } from './names.ts';
import { planPod } from './plan.ts';
import { deadlineExceeded, deadlineMs, graceOf, type PodEnd } from './pod-end.ts';
import { PodResize } from './pod-resize.ts';
import { ContainerError, type PodSteps } from './pod-steps.ts';
import { allRuns, type ContainerRun, emptyView, isRunning, latestRun, type PodView } from './pod-view.ts';
import { isSidecar } from './restart-policy.ts';

export interface PodWorkerOptions extends StatusWriterOptions {
  readonly steps: PodSteps;
  readonly images: ImagePullerOptions;
  readonly runHandler: RunHandler;
  readonly events: PodEvents;
  readonly hostIp: string;
  readonly nodeCpuMillis: number;
  /** Why a pod does not have what it asks for. */
  readonly pendingResize: (podUid: string) => PendingResize | undefined;
  /** Of container ids. */
  readonly scheme: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Of the kubelet: when it aborts, containers go on. */
  readonly signal: AbortSignal;
}

/** Of a container; all of it can be lost. */
interface Memory {
  waiting?: { readonly reason: string; readonly message?: string };
  imageId?: string;
  readonly messages: Map<number, string>;
}

/** Where nothing is to be done for long, a pod still says what it waits for: `ImagePullBackOff` between two pulls. */
const retryBounds = { leastMs: 500, mostMs: 10_000 };

/**
 * Runs one pod from its binding to its end. Each turn looks at what the engine has, decides, and takes the steps that are
 * missing, so that it does not matter which of them an earlier kubelet took. A pod that is to end is never run again.
 */
export class PodWorker {
  readonly #options: PodWorkerOptions;
  readonly #gate = new Gate();
  readonly #writer: StatusWriter;
  readonly #images: ImagePuller;
  readonly #probes: ContainerProbes;
  readonly #crashes = new CrashBackOff();
  readonly #resize: PodResize;
  readonly #memory = new Map<string, Memory>();
  #pod: Pod;
  #view: PodView = emptyView;
  #status: PodStatus;
  /** Its last one: a pod that has ended still tells it, though it may be another's by then. */
  #podIp: string | undefined;
  /** Sandboxes whose network is known to be there, by attempt. */
  #networked: number | undefined;
  #end: PodEnd | undefined;
  #isOver = false;
  #isRemoved = false;
  #isFinished = false;
  #wakeAtMs: number | undefined;
  #graceSeconds: number | undefined;
  readonly #done = new AbortController();
  /** The work of a turn that a pod's end interrupts. */
  #turn = new AbortController();

  constructor(pod: Pod, options: PodWorkerOptions) {
    this.#pod = pod;
    this.#options = options;
    this.#status = pod.status ?? {};
    this.#podIp = pod.status?.podIP;
    const signal = AbortSignal.any([options.signal, this.#done.signal]);
    this.#writer = new StatusWriter(pod, { ...options, signal });
    this.#probes = new ContainerProbes({ ...options, signal, onChange: () => this.poke() });
    this.#images = new ImagePuller(options.images);
    this.#resize = new PodResize(pod, options);
    this.#isOver = isOver(pod.status?.phase);
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** What the engine had of it at the last look. */
  get view(): PodView {
    return this.#view;
  }

  /** It runs, or is to. What was told of it counts: whoever heard that it is over takes its room for free. */
  get isActive(): boolean {
    return !this.#isEnding && !this.#isFinished && !isOver(this.#status.phase);
  }

  /** Containers of it run, as far as was seen. */
  get hasRunning(): boolean {
    return allRuns(this.#view).some(isRunning);
  }

  /** Of a pod that is over, what is left in the engine is removed, and its logs with it. */
  async removeEnded(): Promise<void> {
    if (!isOver(this.#status.phase) || this.hasRunning) return;
    await this.#options.steps.prune([...this.#view.runs.values()].flat(), 0);
    this.poke();
  }

  /** Nothing of it is left. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** The API server has this of the pod now. @param pod With what it has been given of the node. */
  update(pod: Pod): void {
    this.#resize.changed(this.#pod, pod);
    this.#pod = pod;
    this.#writer.seen(pod);
    this.#turnAnew();
  }

  /** The API server has it no more. @param last As it was. */
  removed(last: Pod): void {
    this.#pod = last;
    this.#isRemoved = true;
    this.#turnAnew();
  }

  /** The node ends it: it fails. */
  end(end: PodEnd): void {
    this.#end ??= end;
    this.#turnAnew();
  }

  poke(): void {
    this.#gate.open();
  }

  /** Until nothing is left of the pod, or the kubelet's signal aborts. Never rejects. */
  async run(): Promise<void> {
    const { signal, clock, random, log } = this.#options;
    const backOff = new BackOff(retryBounds, random);
    const writing = this.#writer.run();
    let lastReason: string | undefined;
    while (!signal.aborted && !this.#isFinished) {
      let delayMs: number | undefined;
      this.#wakeAtMs = undefined;
      try {
        await this.#sync();
        backOff.reset();
        lastReason = undefined;
      } catch (error) {
        if (signal.aborted) break;
        if (!this.#turn.signal.aborted) {
          delayMs = backOff.nextDelayMs();
          const reason = messageOf(error);
          // Of volumes that are not there yet events have told.
          if (reason !== lastReason && !(error instanceof MountError))
            log.warn('A pod could not be taken further', { pod: podText(this.#pod), error });
          lastReason = reason;
        }
      }
      if (this.#turn.signal.aborted) {
        this.#turn = new AbortController();
        continue;
      }
      if (this.#isFinished) break;
      const wakeInMs = this.#wakeAtMs === undefined ? undefined : Math.max(1, this.#wakeAtMs - clock.now());
      await this.#gate.wait(signal, clock, earlier(delayMs, wakeInMs));
    }
    this.#done.abort(new Error('The pod has ended'));
    await writing;
  }

  get #isEnding(): boolean {
    return (
      this.#isRemoved ||
      this.#isOver ||
      this.#end !== undefined ||
      this.#pod.metadata.deletionTimestamp !== undefined
    );
  }

  /** What is at work goes on, unless the pod is to end. */
  #turnAnew(): void {
    this.poke();
    if (!this.#isEnding) return;
    const grace = graceOf(this.#pod, this.#end);
    if (this.#graceSeconds === undefined) this.#turn.abort(new Error('The pod is to end'));
    else if (grace < this.#graceSeconds) {
      this.#graceSeconds = grace;
      for (const run of allRuns(this.#view).filter(isRunning))
        this.#options.steps.hurry(run, grace).catch(() => {});
    }
  }

  async #sync(): Promise<void> {
    await this.#look();
    this.#probes.keep(
      new Set(
        allRuns(this.#view)
          .filter(isRunning)
          .map((run) => run.container.runtimeId),
      ),
    );
    if (!this.#isEnding) this.#endIfOverdue();
    if (this.#isEnding) return this.#terminate();
    const plan = planPod(this.#pod, this.#view, (run) => {
      const container = this.#containerOf(run);
      return { ...this.#healthOf(container, run), isOutgrown: this.#resize.needsRestart(container, run) };
    });
    if (plan.isOver) {
      this.#isOver = true;
      return this.#terminate();
    }
    this.#tell();
    await this.#carryOut(plan, AbortSignal.any([this.#options.signal, this.#turn.signal]));
    await this.#resizeRunning();
    if (plan.kill.length === 0) this.#resize.finish(this.#pod, this.#view);
    this.#tell();
  }

  async #carryOut(plan: ReturnType<typeof planPod>, signal: AbortSignal): Promise<void> {
    const { steps } = this.#options;
    const ofPod = this.#pod.spec.terminationGracePeriodSeconds ?? 30;
    await Promise.all(
      plan.kill.map(({ run, container, why, graceSeconds = ofPod }) =>
        steps.kill(this.#pod, container, run, { why, graceSeconds, podIp: this.#podIp ?? '', signal }),
      ),
    );
    if (plan.kill.length > 0) this.poke();
    if (plan.sandbox.do === 'nothing') return;
    const attempt = plan.sandbox.do === 'make' ? plan.sandbox.attempt : plan.sandbox.sandbox.attempt;
    const volumes = plan.start.length === 0 ? new Map() : await this.#mount(signal);
    await this.#ensureSandbox(attempt, signal);
    for (const container of plan.start) await this.#start(container, attempt, volumes, signal);
  }

  async #resizeRunning(): Promise<void> {
    const isInTheWay = await this.#resize.apply(this.#pod, this.#view);
    if (isInTheWay) this.#wakeAt(this.#options.clock.now() + retryBounds.mostMs);
    else if (this.#resize.underWay) await this.#look();
  }

  async #mount(signal: AbortSignal): ReturnType<PodSteps['volumes']> {
    try {
      return await this.#options.steps.volumes(this.#pod, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof MountError))
        this.#options.events.warning(this.#pod, 'FailedMount', messageOf(error));
      throw error;
    }
  }

  /** Also of one that an earlier kubelet made: its network may not have been finished. */
  async #ensureSandbox(attempt: number, signal: AbortSignal): Promise<void> {
    if (this.#networked === attempt && this.#view.sandboxes[0]?.isRunning) return;
    const { steps, events } = this.#options;
    try {
      this.#podIp = await steps.sandbox(this.#pod, attempt, signal);
      this.#networked = attempt;
    } catch (error) {
      signal.throwIfAborted();
      events.warning(
        this.#pod,
        'FailedCreatePodSandBox',
        `Failed to create pod sandbox: ${messageOf(error)}`,
      );
      throw error;
    }
    await this.#look();
    this.#tell();
  }

  async #start(
    container: PodContainer,
    sandboxAttempt: number,
    volumes: Awaited<ReturnType<PodSteps['volumes']>>,
    signal: AbortSignal,
  ): Promise<void> {
    const { steps, clock, events } = this.#options;
    const memory = this.#memoryOf(container.name);
    const runs = this.#view.runs.get(container.name) ?? [];
    const last = runs[0]?.container.status;
    const endedAtMs = last?.state === 'exited' ? last.finishedAtMs : undefined;
    const waiting =
      endedAtMs === undefined ? undefined : this.#crashes.waiting(container.name, endedAtMs, clock.now());
    if (waiting !== undefined) {
      const where = podText(this.#pod);
      events.warning(
        this.#pod,
        'BackOff',
        `Back-off restarting failed container ${container.name} in pod ${where}`,
        container.name,
      );
      const message = `back-off ${durationText(waiting.delayMs)} restarting failed container=${container.name} pod=${where}`;
      memory.waiting = { reason: 'CrashLoopBackOff', message };
      this.#wakeAt(waiting.untilMs);
      return;
    }
    try {
      const image = await this.#images.ensure(this.#pod, container, signal);
      const { digest, id } = image.image;
      memory.imageId = digest === undefined ? id : `${image.name.repository}@${digest}`;
      const ofImages = await steps.imageVolumes(this.#pod, container, this.#images, signal);
      await steps.prune(runs);
      const attempt = this.#nextAttempt(container.name);
      if (endedAtMs !== undefined) this.#crashes.restarted(container.name, endedAtMs, clock.now());
      const target = this.#targetOf(container);
      const place = { attempt, sandboxAttempt, podIp: this.#podIp ?? '', ...(target && { target }) };
      const all = new Map([...volumes, ...ofImages]);
      await steps.start(this.#pod, container, { ...place, image, volumes: all }, signal);
      delete memory.waiting;
    } catch (error) {
      if (signal.aborted || isEngineAway(error)) throw error;
      this.#failStart(container, memory, error);
    } finally {
      await this.#look();
    }
    this.#tell();
  }

  /** The container in the engine whose processes an ephemeral one is to see. @throws {ContainerError} there is none. */
  #targetOf({ name }: PodContainer): string | undefined {
    const { ephemeralContainers = [] } = this.#pod.spec;
    const wanted = ephemeralContainers.find((each) => each.name === name)?.targetContainerName;
    if (wanted === undefined || wanted === '') return undefined;
    const found = latestRun(this.#view, wanted)?.container.name;
    if (found === undefined)
      throw new ContainerError('CreateContainerConfigError', `unable to find target container ${wanted}`);
    return found;
  }

  #failStart(container: PodContainer, memory: Memory, error: unknown): void {
    const { clock, events } = this.#options;
    const message = messageOf(error);
    if (error instanceof ImageError) {
      memory.waiting = { reason: error.reason, message };
      this.#wakeAt(Math.min(error.retryAtMs ?? Number.POSITIVE_INFINITY, clock.now() + retryBounds.mostMs));
      return;
    }
    const reason = error instanceof ContainerError ? error.reason : 'CreateContainerError';
    memory.waiting = { reason, message };
    if (reason !== 'PostStartHookError')
      events.warning(this.#pod, 'Failed', `Error: ${message}`, container.name);
    this.#wakeAt(clock.now() + retryBounds.mostMs);
  }

  /** A created container that was never started is taken up; all others are followed by a new one. */
  #nextAttempt(container: string): number {
    const run = latestRun(this.#view, container);
    if (run?.container.status.state === 'created') return run.attempt;
    if (run !== undefined) return run.attempt + 1;
    return allStatuses(this.#status).find(({ name }) => name === container)?.restartCount ?? 0;
  }

  #endIfOverdue(): void {
    const dueMs = deadlineMs(this.#pod, this.#status);
    if (dueMs === undefined) return;
    if (this.#options.clock.now() < dueMs) this.#wakeAt(dueMs);
    else {
      this.#end = deadlineExceeded;
      this.#options.events.normal(this.#pod, this.#end.reason, this.#end.message);
    }
  }

  /** Ends all of it, gives back what it holds, and takes it out of the API when it is to go. */
  async #terminate(): Promise<void> {
    const { steps, signal } = this.#options;
    const { uid } = this.#pod.metadata;
    if (this.#isFinished) return;
    this.#turn = new AbortController();
    this.#probes.endKilling();
    this.#graceSeconds = graceOf(this.#pod, this.#end);
    this.#tell();
    await this.#killAll(this.#graceSeconds);
    await this.#look();
    await steps.release(uid, this.#view);
    await this.#look();
    this.#tell();
    if (!this.#isRemoved) {
      await this.#writer.settled();
      if (signal.aborted || this.#pod.metadata.deletionTimestamp === undefined) return;
      await this.#writer.deletePod();
    }
    await steps.remove(uid, this.#view);
    this.#isFinished = true;
  }

  /** Sidecars last, in reverse order, in what time is left; as upstream, all of them run their hooks at once. */
  async #killAll(graceSeconds: number): Promise<void> {
    const sidecars = (this.#pod.spec.initContainers ?? []).filter(isSidecar);
    const others = allContainers(this.#pod.spec).filter((each) => !sidecars.includes(each));
    const kills = others.map((container) => this.#killOne(container, graceSeconds));
    for (const sidecar of sidecars.toReversed()) {
      const turn = Promise.all(kills);
      turn.catch(() => {});
      kills.push(this.#killOne(sidecar, graceSeconds, turn));
    }
    await Promise.all(kills);
  }

  async #killOne(container: PodContainer, graceSeconds: number, turn?: Promise<unknown>): Promise<void> {
    const { steps, signal } = this.#options;
    for (const run of this.#view.runs.get(container.name) ?? []) {
      if (!isRunning(run)) continue;
      const how = { why: `Stopping container ${container.name}`, graceSeconds, podIp: this.#podIp ?? '' };
      await steps.kill(this.#pod, container, run, { ...how, signal, ...(turn && { turn }) });
      await this.#look();
      this.#tell();
    }
  }

  /** What the engine has now, with what those that have ended said: no end is told without its words. */
  async #look(): Promise<void> {
    this.#view = await this.#options.steps.view(this.#pod.metadata.uid);
    await this.#readMessages();
  }

  /** Of runs that have ended since. */
  async #readMessages(): Promise<void> {
    const { steps, signal } = this.#options;
    for (const container of allContainers(this.#pod.spec)) {
      const { messages } = this.#memoryOf(container.name);
      for (const run of this.#view.runs.get(container.name) ?? []) {
        if (run.container.status.state !== 'exited' || messages.has(run.attempt)) continue;
        messages.set(run.attempt, await steps.message(this.#pod, container, run, signal));
      }
    }
  }

  #containerOf(run: ContainerRun): PodContainer {
    const name = run.container.labels[podLabels.container] ?? '';
    return allContainers(this.#pod.spec).find((container) => container.name === name) ?? { name };
  }

  /** What an earlier kubelet found of this run counts until probes say otherwise. */
  #healthOf(container: PodContainer, run: ContainerRun): ProbedHealth {
    const told = allStatuses(this.#status).find(({ name }) => name === container.name);
    const isSame = told?.containerID?.endsWith(`//${run.container.runtimeId}`) && told.state?.running;
    const before = told && isSame ? { isStarted: told.started ?? false, isReady: told.ready } : undefined;
    if (this.#podIp === undefined) return before ?? { isStarted: false, isReady: false };
    return this.#probes.healthOf(this.#pod, container, run, this.#podIp, before);
  }

  #factsOf(container: PodContainer): ContainerFacts {
    const { waiting, imageId, messages } = this.#memoryOf(container.name);
    const run = latestRun(this.#view, container.name);
    const { isStarted, isReady } =
      run && isRunning(run) ? this.#healthOf(container, run) : { isStarted: false, isReady: false };
    return {
      ...(waiting && !this.#isEnding && { waiting }),
      ...(imageId !== undefined && { imageId }),
      ...{ messages, isStarted, isReady, isSized: run === undefined || this.#resize.isSized(container, run) },
      isReadyAtEnd: (this.#pod.spec.initContainers ?? []).includes(container) && !isSidecar(container),
    };
  }

  #tell(): void {
    const { hostIp, scheme, clock, pendingResize } = this.#options;
    this.#status = podStatus(this.#pod, this.#status, {
      ...{ view: this.#view, hostIp, podIp: this.#podIp, scheme, nowMs: clock.now() },
      factsOf: (container) => this.#factsOf(container),
      isEnding: this.#isEnding,
      resize: given({
        pending: this.#isEnding ? undefined : pendingResize(this.#pod.metadata.uid),
        underWay: this.#isEnding ? undefined : this.#resize.underWay,
      }),
      ...(this.#end && { end: this.#end }),
    });
    if (!this.#isRemoved) this.#writer.write(this.#status);
  }

  #memoryOf(container: string): Memory {
    const memory = this.#memory.get(container) ?? { messages: new Map() };
    this.#memory.set(container, memory);
    return memory;
  }

  #wakeAt(atMs: number): void {
    this.#wakeAtMs = earlier(this.#wakeAtMs, atMs);
  }
}
