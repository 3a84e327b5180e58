import { type Clock, withTimeout } from '../../clock/index.ts';
import { Fields } from '../fields.ts';
import type { ExecResult } from '../process.ts';
import { RuntimeError } from '../runtime-error.ts';
import type { EngineApi } from './engine-api.ts';
import { attempting } from './failures.ts';
import { Demultiplexer } from './output-frames.ts';
import { killFamily } from './process-family.ts';

const mostOutputBytes = 64 * 1024;
/** What the Engine has for a command that it could not start; a shell has them as well. */
const unstartedCodes: ReadonlySet<number> = new Set([126, 127]);

export interface ExecOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** The engine's process numbers are ours too, so that what ran too long can be killed. */
  readonly seesProcesses: boolean;
}

/**
 * Runs a command in a running container. A command that does not exist is no failure of the Engine's: its shell's
 * exit code (126, 127) is the result, which says that nothing was started.
 * @throws {RuntimeError} `CannotExecContainer` when the container does not run, or time is up; the command is killed
 * then, where its process can be reached.
 */
export async function runExec(
  api: EngineApi,
  clock: Clock,
  container: string,
  command: readonly string[],
  { timeoutMs, signal, seesProcesses }: ExecOptions,
): Promise<ExecResult> {
  const attempt = `Cannot run '${command.join(' ')}' in container '${container}'`;
  return attempting(attempt, 'CannotExecContainer', async () => {
    using deadline = withTimeout(clock, timeoutMs, signal);
    const created = new Fields(
      await api.json('POST', `/containers/${encodeURIComponent(container)}/exec`, {
        json: { AttachStdout: true, AttachStderr: true, Cmd: command },
        signal: deadline.signal,
      }),
    );
    const id = created.text('Id') ?? '';
    try {
      const output = await outputOf(api, id, deadline.signal);
      const exitCode = await exitCodeOf(api, clock, id, deadline.signal);
      if (!unstartedCodes.has(exitCode)) return { exitCode, output };
      const state = new Fields(await api.json('GET', `/exec/${id}/json`, { signal: deadline.signal }));
      return { exitCode, output, ...(state.number('Pid') === 0 && { hasNotStarted: true }) };
    } catch (error) {
      if (!deadline.signal.aborted) throw error;
      if (seesProcesses) await killCommand(api, id);
      signal?.throwIfAborted();
      const detail = `it did not end within ${timeoutMs} ms`;
      throw new RuntimeError('CannotExecContainer', `${attempt}: ${detail}`, detail, { cause: error });
    }
  });
}

async function outputOf(api: EngineApi, id: string, signal: AbortSignal): Promise<string> {
  const socket = await api.hijack('POST', `/exec/${id}/start`, {
    json: { Detach: false, Tty: false },
    signal,
  });
  const onAbort = (): void => {
    socket.destroy(new Error('aborted'));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    const demultiplexer = new Demultiplexer(false);
    const kept: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      for (const piece of demultiplexer.push(chunk)) {
        if (bytes < mostOutputBytes) kept.push(piece.bytes.subarray(0, mostOutputBytes - bytes));
        bytes += piece.bytes.length;
      }
    }
    return Buffer.concat(kept).toString();
  } finally {
    signal.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}

/** The output may end a moment before the Engine knows of the exit. */
export async function exitCodeOf(
  api: EngineApi,
  clock: Clock,
  id: string,
  signal: AbortSignal,
): Promise<number> {
  for (;;) {
    const state = new Fields(await api.json('GET', `/exec/${id}/json`, { signal }));
    const exitCode = state.number('ExitCode');
    if (!state.flag('Running') && exitCode !== undefined) return exitCode;
    await clock.sleep(5, signal);
  }
}

/** Kills a command with all that it has started. One that has ended by itself leaves what it started alone. */
export async function killCommand(api: EngineApi, id: string): Promise<void> {
  try {
    const state = new Fields(await api.json('GET', `/exec/${id}/json`));
    const pid = state.number('Pid');
    if (state.flag('Running') && pid !== undefined && pid > 1) await killFamily(pid);
  } catch {
    // It has ended by itself, or is not ours to kill.
  }
}
