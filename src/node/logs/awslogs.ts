import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { Runtime } from '../../runtime/index.ts';
import type { StateFile } from '../state/state-file.ts';
import { StepError } from '../tasks/failures.ts';
import type { PlannedContainer } from '../tasks/plan.ts';
import { compileEventStart } from './event-start.ts';
import { LogShipper } from './log-shipper.ts';
import { LogStream } from './log-stream.ts';
import type { LogsClients } from './logs-clients.ts';
import type { AwslogsOptions } from './options.ts';
import { readPosition } from './position.ts';

/** How long a closing agent waits for batches under way. */
const closingPatienceMs = 2_000;

/** The `awslogs` driver for all containers of the agent. */
export class Awslogs {
  readonly #options: AwslogsDriverOptions;
  readonly #containers = new Map<string, LoggedContainer>();
  readonly #abandoned = new AbortController();

  constructor(options: AwslogsDriverOptions) {
    this.#options = options;
  }

  /**
   * Makes sure that the container's stream exists; once done, later calls cost nothing.
   * @throws {StepError} `CannotStartContainerError: ...` when it can't be.
   */
  async prepare(taskArn: string, container: PlannedContainer, runtimeId: string): Promise<void> {
    if (!container.awslogs) return;
    const logged = this.#loggedContainer(taskArn, container, container.awslogs, runtimeId);
    logged.created ??= logged.stream.create(this.#options.signal);
    try {
      await logged.created;
    } catch (error) {
      delete logged.created;
      throw error;
    }
  }

  /** Before a start: from now on nothing the container says is missed. */
  attach(taskArn: string, container: PlannedContainer, runtimeId: string): void {
    if (!container.awslogs) return;
    let logged = this.#loggedContainer(taskArn, container, container.awslogs, runtimeId);
    if (!logged.shipper.attach()) {
      this.#containers.delete(container.spec.name);
      logged = this.#loggedContainer(taskArn, container, container.awslogs, runtimeId);
      logged.shipper.attach();
    }
    if (!logged.shipping) this.#ship(logged, container);
  }

  /** The start took place. */
  hasStarted(container: PlannedContainer): void {
    this.#containers.get(container.spec.name)?.shipper.hasStarted();
  }

  /** Whether the start took place is not known. */
  detach(container: PlannedContainer): void {
    this.#containers.get(container.spec.name)?.shipper.detach();
  }

  /** For a container that an earlier agent started: goes on where that one left off. */
  resume(taskArn: string, container: PlannedContainer, runtimeId: string): void {
    if (!container.awslogs) return;
    const logged = this.#loggedContainer(taskArn, container, container.awslogs, runtimeId);
    if (!logged.shipping) this.#ship(logged, container);
  }

  /** Resolves when everything the container said has been shipped. */
  async shipped(container: PlannedContainer): Promise<void> {
    await this.#containers.get(container.spec.name)?.shipping;
  }

  /** The container is being removed. */
  forget(container: PlannedContainer): void {
    this.#containers.get(container.spec.name)?.abort.abort();
    this.#containers.delete(container.spec.name);
  }

  /** After the signal aborted: waits for what is under way. */
  async close(): Promise<void> {
    using _patience = this.#options.clock.after(closingPatienceMs, () => this.#abandoned.abort());
    await Promise.allSettled([...this.#containers.values()].map((logged) => logged.shipping));
  }

  #ship(logged: LoggedContainer, container: PlannedContainer): void {
    logged.shipping = logged.shipper
      .run()
      .catch((error: unknown) => {
        this.#options.log.error('Shipping container output failed', {
          container: container.spec.name,
          error,
        });
      })
      .finally(() => {
        // A restart in place begins anew, from the position that was saved.
        if (this.#containers.get(container.spec.name) === logged)
          this.#containers.delete(container.spec.name);
      });
  }

  #loggedContainer(
    taskArn: string,
    container: PlannedContainer,
    awslogs: AwslogsOptions,
    runtimeId: string,
  ): LoggedContainer {
    const known = this.#containers.get(container.spec.name);
    if (known) return known;
    const { clock, random, runtime, log, state, flushIntervalMs, clients, hasExecutionRole } = this.#options;
    const startsEvent = awslogs.eventStart && compileOrRefuse(awslogs.eventStart);
    const stream = new LogStream({
      group: awslogs.group,
      stream: awslogs.stream ?? runtimeId,
      createsGroup: awslogs.createsGroup,
      clock,
      random,
      api: () => {
        const role = { taskArn, kind: 'executionRoleCredentials' } as const;
        return clients.client(awslogs.region, hasExecutionRole(taskArn) ? role : undefined);
      },
    });
    const abort = new AbortController();
    const position = readPosition(state.logPosition(taskArn, container.name));
    const shipper = new LogShipper({
      runtime,
      containerName: container.spec.name,
      stream,
      isNonBlocking: awslogs.isNonBlocking,
      bufferBytes: awslogs.bufferBytes,
      flushIntervalMs,
      ...(startsEvent && { startsEvent }),
      ...(position && { position }),
      savePosition: (shipped) => {
        try {
          state.saveLogPosition(taskArn, container.name, JSON.stringify(shipped));
        } catch (error) {
          log.error('Agent state cannot be written: check its disk', { task: taskArn, error });
        }
      },
      clock,
      random,
      log,
      signal: AbortSignal.any([abort.signal, this.#options.signal]),
      abandoned: this.#abandoned.signal,
    });
    const logged: LoggedContainer = { stream, shipper, abort };
    this.#containers.set(container.spec.name, logged);
    return logged;
  }
}

interface LoggedContainer {
  readonly stream: LogStream;
  readonly shipper: LogShipper;
  readonly abort: AbortController;
  created?: Promise<void>;
  shipping?: Promise<void>;
}

export interface AwslogsDriverOptions {
  readonly clients: LogsClients;
  readonly flushIntervalMs: number;
  readonly runtime: Runtime;
  readonly state: StateFile;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
  hasExecutionRole(taskArn: string): boolean;
}

function compileOrRefuse(eventStart: NonNullable<AwslogsOptions['eventStart']>): (line: string) => boolean {
  try {
    return compileEventStart(eventStart);
  } catch (error) {
    throw new StepError(
      `CannotStartContainerError: Error response from daemon: failed to initialize logging driver: awslogs could not parse the multiline pattern: ${error instanceof Error ? error.message : error}`,
      { cause: error },
    );
  }
}
