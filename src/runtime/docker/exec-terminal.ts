import type { Duplex } from 'node:stream';
import { type Clock, withTimeout } from '../../clock/index.ts';
import { Fields } from '../fields.ts';
import type { ContainerTerminal, TerminalOptions } from '../runtime.ts';
import type { EngineApi } from './engine-api.ts';
import { exitCodeOf, killCommand } from './exec.ts';
import { attempting, isStatus } from './failures.ts';

/** How long after the output's end the Engine may take to know the exit code. */
const exitCodeMs = 10_000;

/**
 * Starts a command in a running container on a terminal of its own.
 * @param seesProcesses The engine's process numbers are ours too, so that what is left alone can be killed.
 * @throws {RuntimeError} `CannotExecContainer`
 */
export async function openExecTerminal(
  api: EngineApi,
  clock: Clock,
  container: string,
  command: readonly string[],
  { user, env = {}, signal, seesProcesses }: TerminalOptions & { readonly seesProcesses: boolean },
): Promise<ContainerTerminal> {
  const attempt = `Cannot run '${command.join(' ')}' in container '${container}'`;
  return attempting(attempt, 'CannotExecContainer', async () => {
    const aborted = signal === undefined ? {} : { signal };
    const created = new Fields(
      await api.json('POST', `/containers/${encodeURIComponent(container)}/exec`, {
        json: {
          ...{ AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: true, Cmd: command },
          Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
          ...(user === undefined ? {} : { User: user }),
        },
        ...aborted,
      }),
    );
    const id = created.text('Id') ?? '';
    const json = { Detach: false, Tty: true };
    const socket = await api.hijack('POST', `/exec/${id}/start`, { json, ...aborted });
    return new ExecTerminal(api, clock, id, socket, seesProcesses);
  });
}

class ExecTerminal implements ContainerTerminal {
  readonly output: AsyncIterable<Uint8Array>;
  readonly #api: EngineApi;
  readonly #clock: Clock;
  readonly #id: string;
  readonly #socket: Duplex;
  readonly #seesProcesses: boolean;

  constructor(api: EngineApi, clock: Clock, id: string, socket: Duplex, seesProcesses: boolean) {
    this.#api = api;
    this.#clock = clock;
    this.#id = id;
    this.#socket = socket;
    this.#seesProcesses = seesProcesses;
    // A cut connection is told by the output's end, also while nobody reads.
    socket.on('error', () => socket.destroy());
    this.output = outputOf(socket);
  }

  async write(bytes: Uint8Array): Promise<void> {
    const socket = this.#socket;
    if (!socket.writable || socket.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        socket.off('drain', done).off('close', done);
        resolve();
      };
      socket.on('drain', done).on('close', done);
      if (socket.destroyed) done();
    });
  }

  async resize({ columns, rows }: { readonly columns: number; readonly rows: number }): Promise<void> {
    const call = { query: { w: columns, h: rows } };
    await attempting('Cannot resize a terminal', 'CannotExecContainer', async () => {
      try {
        await this.#api.json('POST', `/exec/${this.#id}/resize`, call);
      } catch (error) {
        // Ended, or not quite begun: Engines answer with 404, 409 or 500.
        if (!isStatus(error, 404, 409, 500)) throw error;
      }
    });
  }

  exitCode(): Promise<number> {
    return attempting('Cannot read the exit code of a command', 'CannotExecContainer', async () => {
      using deadline = withTimeout(this.#clock, exitCodeMs);
      return await exitCodeOf(this.#api, this.#clock, this.#id, deadline.signal);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    if (this.#seesProcesses) await killCommand(this.#api, this.#id);
  }
}

async function* outputOf(socket: Duplex): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) yield chunk;
  } catch {
    // The connection was cut: the container, the engine or whoever reads has gone.
  }
}
