import type { Clock } from '../../clock/index.ts';
import type { ContainerAttachment, ContainerCommand, ContainerTerminal, OutputChunk } from '../process.ts';
import type { SimInput } from './model.ts';
import type { SimContainer } from './sim-container.ts';

const killedExitCode = 137;
const unstartedExitCode = 126;

/** A command on a terminal in a simulated container. It ends by itself, with its container, or when it is disposed of. */
export function terminalOf(
  container: SimContainer,
  command: readonly string[],
  clock: Clock,
): ContainerTerminal {
  const { program } = container;
  const run = new SimCommand(container, (it) => {
    if (program.terminal !== undefined) return program.terminal(command, it);
    return it.runBriefly(clock, { ...execOf(container, command), newline: '\r\n' });
  });
  return {
    output: bytesOf(run.said),
    write: async (bytes) => run.input?.typed?.(Buffer.from(bytes).toString()),
    resize: async (size) => run.input?.resized?.(size),
    exitCode: () => run.exitCode,
    hasStarted: async () => run.hasStarted,
    [Symbol.asyncDispose]: async () => run.exit(killedExitCode),
  };
}

/** A command with pipes in a simulated container. */
export function commandOf(
  container: SimContainer,
  command: readonly string[],
  clock: Clock,
  hasInput: boolean,
): ContainerCommand {
  const { program } = container;
  const run = new SimCommand(container, (it) => {
    if (program.command !== undefined) return program.command(command, it);
    return it.runBriefly(clock, { ...execOf(container, command), newline: '\n' });
  });
  if (!hasInput) run.input?.ended?.();
  return {
    output: run.said.read(),
    write: async (bytes) => run.input?.typed?.(Buffer.from(bytes).toString()),
    endInput: () => run.input?.ended?.(),
    exitCode: () => run.exitCode,
    hasStarted: async () => run.hasStarted,
    [Symbol.asyncDispose]: async () => run.exit(killedExitCode),
  };
}

/** The first process of a simulated container, from now on. */
export function attachmentOf(container: SimContainer, hasInput: boolean): ContainerAttachment {
  const said = new Said();
  const listening = container.listen((stream, text) => said.push({ stream, bytes: Buffer.from(text) }));
  const isHeard = hasInput && container.spec.interactive === true;
  const endInput = (): void => {
    if (isHeard && container.spec.isInputOnce) container.endInput();
  };
  void container.exited.then(() => said.end());
  return {
    hasTerminal: container.spec.pseudoTerminal ?? false,
    output: said.read(),
    write: async (bytes) => {
      if (isHeard) container.input?.typed?.(Buffer.from(bytes).toString());
    },
    endInput,
    resize: async (size) => container.input?.resized?.(size),
    [Symbol.asyncDispose]: async () => {
      listening[Symbol.dispose]();
      endInput();
      said.end();
    },
  };
}

const execOf = ({ program }: SimContainer, command: readonly string[]) =>
  program.exec?.(command) ?? { exitCode: 0, output: '' };

class SimCommand {
  readonly said = new Said();
  readonly #input: SimInput | undefined;
  readonly #ended = Promise.withResolvers<number>();
  #hasStarted = true;
  #isOver = false;
  #timer: Disposable | undefined;

  constructor(container: SimContainer, start: (it: SimCommand) => SimInput | undefined) {
    this.#input = start(this);
    void container.exited.then(() => this.exit(killedExitCode));
  }

  /** Undefined: nobody hears any more, or ever did. */
  get input(): SimInput | undefined {
    return this.#isOver ? undefined : this.#input;
  }

  get exitCode(): Promise<number> {
    return this.#ended.promise;
  }

  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  readonly say = (text: string, stream: OutputChunk['stream'] = 'stdout'): void => {
    if (!this.#isOver && text !== '') this.said.push({ stream, bytes: Buffer.from(text) });
  };

  readonly exit = (exitCode: number): void => {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.[Symbol.dispose]();
    this.#ended.resolve(exitCode);
    this.said.end();
  };

  readonly refuse = (why: string): void => {
    this.#hasStarted = false;
    this.say(why);
    this.exit(unstartedExitCode);
  };

  runBriefly(
    clock: Clock,
    {
      exitCode,
      output,
      runForMs = 0,
      newline,
    }: {
      readonly exitCode: number;
      readonly output: string;
      readonly runForMs?: number;
      readonly newline: string;
    },
  ): undefined {
    this.say(output.replaceAll('\n', newline));
    this.#timer = clock.after(runForMs, () => this.exit(exitCode));
  }
}

/** What was said and not yet taken. */
class Said {
  #chunks: OutputChunk[] = [];
  #isOver = false;
  #wake = Promise.withResolvers<void>();

  push(chunk: OutputChunk): void {
    if (this.#isOver) return;
    this.#chunks.push(chunk);
    this.#wake.resolve();
  }

  end(): void {
    this.#isOver = true;
    this.#wake.resolve();
  }

  async *read(): AsyncGenerator<OutputChunk, void> {
    for (;;) {
      const chunks = this.#chunks;
      this.#chunks = [];
      yield* chunks;
      if (this.#chunks.length > 0) continue;
      if (this.#isOver) return;
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
  }
}

async function* bytesOf(said: Said): AsyncGenerator<Uint8Array, void> {
  for await (const { bytes } of said.read()) yield bytes;
}
