/** The client's end of a command or an attachment, in whichever protocol it came. */
export interface CommandStreams {
  /** What is typed, to its end. May be read once. */
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Told each size of the client's terminal. */
  onResize(listener: (size: TerminalSize) => void): void;
  /** Resolves when there is room for more. */
  write(stream: 'stdout' | 'stderr', bytes: Uint8Array): Promise<void>;
  /** Says how it ended, and closes. */
  finish(status: CommandStatus): Promise<void>;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A `metav1.Status` of the end of a command. */
export interface CommandStatus {
  readonly metadata: object;
  readonly status: 'Failure' | 'Success';
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly causes: readonly { readonly reason?: string; readonly message: string }[] };
  readonly code?: number;
}

export const succeeded: CommandStatus = { metadata: {}, status: 'Success' };

export const exitedWith = (code: number): CommandStatus =>
  code === 0
    ? succeeded
    : {
        ...{ metadata: {}, status: 'Failure', reason: 'NonZeroExitCode' },
        message: `command terminated with non-zero exit code: exit status ${code}`,
        details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
      };

export const failedWith = (message: string): CommandStatus => ({
  ...{ metadata: {}, status: 'Failure', reason: 'InternalError' },
  message,
  ...{ details: { causes: [{ message }] }, code: 500 },
});

/** `{"Width":80,"Height":24}`; undefined: it is none. */
export function readSize(text: string): TerminalSize | undefined {
  try {
    const { Width, Height } = JSON.parse(text) as { readonly Width?: unknown; readonly Height?: unknown };
    const isSize = (value: unknown): value is number =>
      typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536;
    return isSize(Width) && isSize(Height) ? { columns: Width, rows: Height } : undefined;
  } catch {
    return undefined;
  }
}
