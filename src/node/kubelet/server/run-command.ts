import type { ContainerStreams, OutputChunk, Runtime } from '../../../runtime/index.ts';
import {
  type CommandStatus,
  type CommandStreams,
  exitedWith,
  failedWith,
  succeeded,
  type TerminalSize,
} from './command-streams.ts';
import type { WantedStreams } from './websocket-streams.ts';

/** What is run, or attached to, and how. */
export interface CommandRequest extends WantedStreams {
  /** The container, by its name in the engine. */
  readonly container: string;
  /** Undefined: the container's first process. */
  readonly command: readonly string[] | undefined;
  readonly isTerminal: boolean;
}

/** A command on a terminal or with pipes, or a container's first process. */
interface Process extends ContainerStreams {
  resize(size: TerminalSize): Promise<void>;
  status(): Promise<CommandStatus>;
  hasStarted(): Promise<boolean>;
}

/** There was no process. */
class NotStarted extends Error {}

/**
 * Runs a command in a container, or attaches to it, and moves what is typed and said until it has ended or the client has
 * gone; what still runs of a command then is killed. The end is told to the client.
 */
export async function runCommand(
  runtime: Runtime,
  request: CommandRequest,
  streams: CommandStreams,
  parent: AbortSignal,
): Promise<void> {
  const signal = AbortSignal.any([parent, streams.signal]);
  let status: CommandStatus;
  try {
    await using process = await open(runtime, request, signal);
    const onAbort = (): void => void process[Symbol.asyncDispose]();
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    streams.onResize((size) => {
      // What has ended has no size; what can't be set does not end a session.
      process.resize(size).catch(() => {});
    });
    if (request.stdin) void type(streams, process, signal);
    try {
      let hasSpoken = false;
      for await (const { stream, bytes } of process.output) {
        if (!hasSpoken && !(await process.hasStarted()))
          throw new NotStarted(Buffer.from(bytes).toString().trim());
        hasSpoken = true;
        if (request[stream]) await streams.write(stream, bytes);
      }
      if (signal.aborted) return;
      status = await process.status();
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  } catch (error) {
    if (signal.aborted) return;
    const why = error instanceof Error ? error.message : String(error);
    const what = error instanceof NotStarted ? `failed to exec in container: ${why}` : why;
    const where = request.command === undefined ? 'attaching to container' : 'executing command in container';
    status = failedWith(`Internal error occurred: error ${where}: ${what}`);
  }
  await streams.finish(status);
}

async function type(streams: CommandStreams, process: Process, signal: AbortSignal): Promise<void> {
  for await (const bytes of streams.stdin) {
    if (signal.aborted) return;
    await process.write(bytes);
  }
  process.endInput();
}

async function open(
  runtime: Runtime,
  { container, command, stdin, isTerminal }: CommandRequest,
  signal: AbortSignal,
): Promise<Process> {
  if (command === undefined) {
    const attachment = await runtime.attach(container, { hasInput: stdin, signal });
    return {
      ...bound(attachment),
      resize: (size) => attachment.resize(size),
      status: async () => succeeded,
      hasStarted: async () => true,
    };
  }
  if (!isTerminal) {
    const run = await runtime.openCommand(container, command, { hasInput: stdin, signal });
    return {
      ...bound(run),
      resize: async () => {},
      status: async () => exitedWith(await run.exitCode()),
      hasStarted: () => run.hasStarted(),
    };
  }
  const terminal = await runtime.openTerminal(container, command, { signal });
  return {
    output: stdoutOf(terminal.output),
    write: (bytes) => terminal.write(bytes),
    // A terminal has no end of input: it is a key.
    endInput: () => {},
    resize: (size) => terminal.resize(size),
    status: async () => exitedWith(await terminal.exitCode()),
    hasStarted: () => terminal.hasStarted(),
    [Symbol.asyncDispose]: () => terminal[Symbol.asyncDispose](),
  };
}

const bound = (streams: ContainerStreams): ContainerStreams => ({
  output: streams.output,
  write: (bytes) => streams.write(bytes),
  endInput: () => streams.endInput(),
  [Symbol.asyncDispose]: () => streams[Symbol.asyncDispose](),
});

async function* stdoutOf(output: AsyncIterable<Uint8Array>): AsyncGenerator<OutputChunk, void> {
  for await (const bytes of output) yield { stream: 'stdout', bytes };
}
