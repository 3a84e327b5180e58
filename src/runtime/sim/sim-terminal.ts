import type { Clock } from '../../clock/index.ts';
import type { ContainerTerminal } from '../runtime.ts';
import type { SimTerminalProgram } from './model.ts';
import type { SimContainer } from './sim-container.ts';

const killedExitCode = 137;

/** A command on a terminal in a simulated container. It ends by itself, with its container, or when it is disposed of. */
export class SimContainerTerminal implements ContainerTerminal {
  readonly output: AsyncIterable<Uint8Array>;
  readonly #program: SimTerminalProgram;
  readonly #ended = Promise.withResolvers<number>();
  #said: Uint8Array[] = [];
  #isOver = false;
  #wake = Promise.withResolvers<void>();
  #timer: Disposable | undefined;

  constructor(container: SimContainer, command: readonly string[], clock: Clock) {
    const say = (text: string): void => this.#say(text);
    const exit = (exitCode: number): void => this.#exit(exitCode);
    this.output = this.#read();
    this.#program = container.program.terminal?.(command, { say, exit }) ?? {};
    if (container.program.terminal === undefined) {
      const result = container.program.exec?.(command) ?? { exitCode: 0, output: '' };
      say(result.output.replaceAll('\n', '\r\n'));
      this.#timer = clock.after(result.runForMs ?? 0, () => exit(result.exitCode));
    }
    void container.exited.then(() => exit(killedExitCode));
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#isOver) this.#program.typed?.(Buffer.from(bytes).toString());
  }

  async resize(size: { readonly columns: number; readonly rows: number }): Promise<void> {
    if (!this.#isOver) this.#program.resized?.(size);
  }

  exitCode(): Promise<number> {
    return this.#ended.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#exit(killedExitCode);
  }

  #say(text: string): void {
    if (this.#isOver || text === '') return;
    this.#said.push(Buffer.from(text));
    this.#wake.resolve();
  }

  #exit(exitCode: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.[Symbol.dispose]();
    this.#ended.resolve(exitCode);
    this.#wake.resolve();
  }

  async *#read(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const said = this.#said;
      this.#said = [];
      yield* said;
      if (this.#said.length > 0) continue;
      if (this.#isOver) return;
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
  }
}
