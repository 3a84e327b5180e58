import type { Clock } from '../../../clock/index.ts';
import type { PodEvents } from '../events/pod-events.ts';
import type { Pod, PodContainer, Probe } from '../objects/pod.ts';
import type { ContainerRun } from '../pods/pod-view.ts';
import { handlerOf, NoSuchPort } from './handler.ts';
import type { ProbeResult, RunHandler } from './run-probe.ts';

type Kind = 'startup' | 'liveness' | 'readiness';

/** What probes say of one run of a container. */
export interface ProbedHealth {
  readonly isStarted: boolean;
  readonly isReady: boolean;
  /** It is to be killed. */
  readonly failure?: { readonly why: string; readonly graceSeconds?: number };
}

export interface ContainerProbesOptions {
  readonly runHandler: RunHandler;
  readonly events: Pick<PodEvents, 'warning'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What a probe says has changed. */
  readonly onChange: () => void;
}

const titles: Readonly<Record<Kind, string>> = {
  startup: 'Startup',
  liveness: 'Liveness',
  readiness: 'Readiness',
};
/** Readiness of what has just started is looked at soon. */
const soonMs = 100;

interface Probed {
  readonly abort: AbortController;
  isStarted: boolean;
  isReady: boolean;
  failed: Kind | undefined;
}

/** The probes of a pod's containers. Each run of a container begins anew; those of runs that are over end. */
export class ContainerProbes {
  readonly #options: ContainerProbesOptions;
  /** By engine id. */
  readonly #probed = new Map<string, Probed>();
  readonly #killing = new AbortController();

  constructor(options: ContainerProbesOptions) {
    this.#options = options;
  }

  /** Begins probing a run that is seen for the first time. @param before As an earlier kubelet found it. */
  healthOf(
    pod: Pod,
    container: PodContainer,
    run: ContainerRun,
    podIp: string,
    before?: { readonly isStarted: boolean; readonly isReady: boolean },
  ): ProbedHealth {
    const { isStarted, isReady, failed } = this.#probedOf(pod, container, run, podIp, before);
    const probe = failed === 'startup' ? container.startupProbe : container.livenessProbe;
    const graceSeconds = probe?.terminationGracePeriodSeconds;
    return {
      ...{ isStarted, isReady: isStarted && isReady },
      ...(failed && {
        failure: {
          why: `Container ${container.name} failed ${failed} probe`,
          ...(graceSeconds !== undefined && { graceSeconds }),
        },
      }),
    };
  }

  /** The pod ends: nothing is killed for its health any more. */
  endKilling(): void {
    this.#killing.abort(new Error('The pod is to end'));
  }

  /** Only these runs go on. @param engineIds Of containers that run. */
  keep(engineIds: ReadonlySet<string>): void {
    for (const [id, { abort }] of this.#probed) {
      if (engineIds.has(id)) continue;
      abort.abort();
      this.#probed.delete(id);
    }
  }

  #probedOf(
    pod: Pod,
    container: PodContainer,
    run: ContainerRun,
    podIp: string,
    before?: { readonly isStarted: boolean; readonly isReady: boolean },
  ): Probed {
    const { runtimeId } = run.container;
    const known = this.#probed.get(runtimeId);
    if (known) return known;
    const { startupProbe, readinessProbe } = container;
    const probed: Probed = {
      ...{ abort: new AbortController(), failed: undefined },
      isStarted: startupProbe === undefined || (before?.isStarted ?? false),
      isReady: readinessProbe === undefined || (before?.isReady ?? false),
    };
    this.#probed.set(runtimeId, probed);
    void this.#probeAll(pod, container, run, podIp, probed);
    return probed;
  }

  async #probeAll(
    pod: Pod,
    container: PodContainer,
    run: ContainerRun,
    podIp: string,
    probed: Probed,
  ): Promise<void> {
    const { startupProbe, livenessProbe, readinessProbe } = container;
    const signal = AbortSignal.any([this.#options.signal, probed.abort.signal]);
    const killing = AbortSignal.any([signal, this.#killing.signal]);
    const follow = (kind: Kind, probe: Probe): Promise<void> => {
      const until = kind === 'readiness' ? signal : killing;
      return this.#follow(kind, probe, { pod, container, run, podIp, probed }, until);
    };
    try {
      if (startupProbe && !probed.isStarted) await follow('startup', startupProbe);
      if (probed.failed) return;
      await Promise.all([
        livenessProbe && follow('liveness', livenessProbe),
        readinessProbe && follow('readiness', readinessProbe),
      ]);
    } catch (error) {
      // A handler never fails: only the signals end it.
      if (!killing.aborted) throw error;
    }
  }

  /** Until the signal aborts, the container is to be killed, or has started. */
  async #follow(
    kind: Kind,
    probe: Probe,
    what: {
      readonly pod: Pod;
      readonly container: PodContainer;
      readonly run: ContainerRun;
      readonly podIp: string;
      readonly probed: Probed;
    },
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, onChange } = this.#options;
    const { run, probed } = what;
    const { status } = run.container;
    const startedAtMs = status.state === 'running' ? status.startedAtMs : clock.now();
    const { initialDelaySeconds = 0, periodSeconds = 10, successThreshold = 1, failureThreshold = 3 } = probe;
    const delayMs = initialDelaySeconds * 1_000;
    // A clock that was set back since would make more of it.
    const firstInMs = Math.min(startedAtMs + delayMs - clock.now(), delayMs);
    await clock.sleep(Math.max(soonMs, firstInMs), signal);
    let last: boolean | undefined;
    let inARow = 0;
    for (;;) {
      const { isSuccess, isUnknown } = await this.#probe(kind, probe, what, signal);
      if (isUnknown) {
        await clock.sleep(periodSeconds * 1_000, signal);
        continue;
      }
      inARow = isSuccess === last ? inARow + 1 : 1;
      last = isSuccess;
      if (inARow >= (isSuccess ? successThreshold : failureThreshold)) {
        if (kind === 'readiness') {
          if (probed.isReady !== isSuccess) {
            probed.isReady = isSuccess;
            onChange();
          }
        } else if (!isSuccess) {
          probed.failed = kind;
          onChange();
          return;
        } else if (kind === 'startup') {
          probed.isStarted = true;
          onChange();
          return;
        }
      }
      await clock.sleep(periodSeconds * 1_000, signal);
    }
  }

  async #probe(
    kind: Kind,
    probe: Probe,
    {
      pod,
      container,
      run,
      podIp,
    }: {
      readonly pod: Pod;
      readonly container: PodContainer;
      readonly run: ContainerRun;
      readonly podIp: string;
    },
    signal: AbortSignal,
  ): Promise<ProbeResult> {
    const { runHandler, events } = this.#options;
    const target = { containerName: run.container.name, podUid: pod.metadata.uid };
    const result = await this.#run(probe, container, podIp, (handler) =>
      runHandler(handler, target, { timeoutMs: (probe.timeoutSeconds ?? 1) * 1_000, signal }),
    );
    const { isSuccess, isUnknown, message } = result;
    if (!isSuccess) {
      const what = isUnknown ? 'errored and resulted in unknown state' : 'failed';
      events.warning(pod, 'Unhealthy', `${titles[kind]} probe ${what}: ${message}`, container.name);
    } else if (message !== '')
      events.warning(pod, 'ProbeWarning', `${titles[kind]} probe warning: ${message}`, container.name);
    return result;
  }

  async #run(
    probe: Probe,
    { ports = [] }: PodContainer,
    podIp: string,
    run: (handler: ReturnType<typeof handlerOf>) => Promise<ProbeResult>,
  ): Promise<ProbeResult> {
    let handler: ReturnType<typeof handlerOf>;
    try {
      handler = handlerOf(probe, ports, podIp);
    } catch (error) {
      return { isSuccess: false, isUnknown: true, message: wordsOf(error) };
    }
    return run(handler);
  }
}

/** What kubelets say of a port that has no name of the container's: it is read as a number. */
const wordsOf = (error: unknown): string =>
  error instanceof NoSuchPort
    ? `strconv.Atoi: parsing ${JSON.stringify(error.port)}: invalid syntax`
    : String(error instanceof Error ? error.message : error);
