/** A command that ran in a container to its end. */
export interface ExecResult {
  readonly exitCode: number;
  /** First 64 KiB of stdout and stderr together. */
  readonly output: string;
  /** It could not be started, as the output says. */
  readonly hasNotStarted?: true;
}

export interface TerminalOptions {
  /** Default: the container's own. */
  readonly user?: string;
  /** Beside the container's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** While it is being opened. */
  readonly signal?: AbortSignal;
}

export interface ContainerTerminal extends AsyncDisposable {
  /** What the command says, until it and all that share its terminal have ended. May be read once. */
  readonly output: AsyncIterable<Uint8Array>;
  /** Types. Resolves when there is room for more; what is typed after the command's end is lost. */
  write(bytes: Uint8Array): Promise<void>;
  /** What has ended has no size: success. */
  resize(size: { readonly columns: number; readonly rows: number }): Promise<void>;
  /** The command's exit code; ask when its output has ended. */
  exitCode(): Promise<number>;
  /** False: there was no process, and what was said is why. Ask when something was said. */
  hasStarted(): Promise<boolean>;
}

export interface CommandOptions extends TerminalOptions {
  /** Default: its input is at its end from the beginning. */
  readonly hasInput?: boolean;
}

export interface AttachOptions {
  /** Whether its input is wanted too. Default: no. */
  readonly hasInput?: boolean;
  /** While it is being opened. */
  readonly signal?: AbortSignal;
}

export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
}

/** The near ends of a process' input and outputs. */
export interface ContainerStreams extends AsyncDisposable {
  /** What it says, until nobody is left who could say more. May be read once. */
  readonly output: AsyncIterable<OutputChunk>;
  /** Resolves when there is room for more; what comes after the process' end is lost. */
  write(bytes: Uint8Array): Promise<void>;
  /** Nothing more will be written. */
  endInput(): void;
}

export interface ContainerCommand extends ContainerStreams {
  /** Ask when its output has ended. */
  exitCode(): Promise<number>;
  /** As of a terminal. */
  hasStarted(): Promise<boolean>;
}

/** With a terminal all output is `stdout`. */
export interface ContainerAttachment extends ContainerStreams {
  readonly hasTerminal: boolean;
  /** Without a terminal there is no size: success. */
  resize(size: { readonly columns: number; readonly rows: number }): Promise<void>;
}
