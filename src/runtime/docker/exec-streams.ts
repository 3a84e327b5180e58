import { type Clock, withTimeout } from '../../clock/index.ts';
import { Fields } from '../fields.ts';
import type { CommandOptions, ContainerCommand, ContainerTerminal, TerminalOptions } from '../process.ts';
import type { EngineApi } from './engine-api.ts';
import { exitCodeOf, killCommand } from './exec.ts';
import { attempting, isStatus } from './failures.ts';
import { HijackedStreams } from './hijacked-streams.ts';

/** How long after the output's end the Engine may take to know the exit code. */
const exitCodeMs = 10_000;

/** The engine's process numbers are ours too, so that what is left alone can be killed. */
interface Seeing {
  readonly seesProcesses: boolean;
}

/**
 * Starts a command in a running container on a terminal of its own.
 * @throws {RuntimeError} `CannotExecContainer`
 */
export function openExecTerminal(
  api: EngineApi,
  clock: Clock,
  container: string,
  command: readonly string[],
  options: TerminalOptions & Seeing,
): Promise<ContainerTerminal> {
  return start(api, container, command, { ...options, hasInput: true, isTerminal: true }, (id, streams) => {
    const output = bytesOf(streams);
    const run = new Run(api, clock, id, streams, options.seesProcesses);
    return {
      output,
      write: (bytes) => streams.write(bytes),
      resize: (size) => resizeTerminal(api, `/exec/${id}`, size),
      exitCode: () => run.exitCode(),
      hasStarted: () => run.hasStarted(),
      [Symbol.asyncDispose]: () => run[Symbol.asyncDispose](),
    };
  });
}

/**
 * Starts a command in a running container with pipes.
 * @throws {RuntimeError} `CannotExecContainer`
 */
export function openExecCommand(
  api: EngineApi,
  clock: Clock,
  container: string,
  command: readonly string[],
  options: CommandOptions & Seeing,
): Promise<ContainerCommand> {
  return start(api, container, command, { ...options, isTerminal: false }, (id, streams) => {
    const run = new Run(api, clock, id, streams, options.seesProcesses);
    return {
      output: streams.output,
      write: (bytes) => streams.write(bytes),
      endInput: () => streams.endInput(),
      exitCode: () => run.exitCode(),
      hasStarted: () => run.hasStarted(),
      [Symbol.asyncDispose]: () => run[Symbol.asyncDispose](),
    };
  });
}

/** Sets the size of the terminal of a command or a container. What has ended has none: success. */
export function resizeTerminal(
  api: EngineApi,
  path: string,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): Promise<void> {
  return attempting('Cannot resize a terminal', 'CannotExecContainer', async () => {
    try {
      await api.json('POST', `${path}/resize`, { query: { w: columns, h: rows } });
    } catch (error) {
      // Ended, or not quite begun: Engines answer with 404, 409 or 500.
      if (!isStatus(error, 404, 409, 500)) throw error;
    }
  });
}

function start<T>(
  api: EngineApi,
  container: string,
  command: readonly string[],
  { user, env = {}, signal, hasInput = false, isTerminal }: CommandOptions & { readonly isTerminal: boolean },
  opened: (id: string, streams: HijackedStreams) => T,
): Promise<T> {
  const attempt = `Cannot run '${command.join(' ')}' in container '${container}'`;
  return attempting(attempt, 'CannotExecContainer', async () => {
    const aborted = signal === undefined ? {} : { signal };
    const created = new Fields(
      await api.json('POST', `/containers/${encodeURIComponent(container)}/exec`, {
        json: {
          ...{ AttachStdin: hasInput, AttachStdout: true, AttachStderr: true, Tty: isTerminal, Cmd: command },
          Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
          ...(user === undefined ? {} : { User: user }),
        },
        ...aborted,
      }),
    );
    const id = created.text('Id') ?? '';
    const json = { Detach: false, Tty: isTerminal };
    const socket = await api.hijack('POST', `/exec/${id}/start`, { json, ...aborted });
    return opened(id, new HijackedStreams(socket, isTerminal));
  });
}

/** A command under way. */
class Run implements AsyncDisposable {
  readonly #api: EngineApi;
  readonly #clock: Clock;
  readonly #id: string;
  readonly #streams: HijackedStreams;
  readonly #seesProcesses: boolean;

  constructor(api: EngineApi, clock: Clock, id: string, streams: HijackedStreams, seesProcesses: boolean) {
    this.#api = api;
    this.#clock = clock;
    this.#id = id;
    this.#streams = streams;
    this.#seesProcesses = seesProcesses;
  }

  exitCode(): Promise<number> {
    return attempting('Cannot read the exit code of a command', 'CannotExecContainer', async () => {
      using deadline = withTimeout(this.#clock, exitCodeMs);
      return await exitCodeOf(this.#api, this.#clock, this.#id, deadline.signal);
    });
  }

  hasStarted(): Promise<boolean> {
    return attempting('Cannot look at a command', 'CannotExecContainer', async () => {
      using deadline = withTimeout(this.#clock, exitCodeMs);
      const state = new Fields(
        await this.#api.json('GET', `/exec/${this.#id}/json`, { signal: deadline.signal }),
      );
      return state.flag('Running') || state.number('Pid') !== 0;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#streams[Symbol.asyncDispose]();
    if (this.#seesProcesses) await killCommand(this.#api, this.#id);
  }
}

async function* bytesOf(streams: HijackedStreams): AsyncGenerator<Uint8Array, void> {
  for await (const { bytes } of streams.output) yield bytes;
}
