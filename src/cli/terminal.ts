import { styleText } from 'node:util';

/** One of the two streams a command writes to. */
export interface Output {
  write(text: string): void;
  /** A person watches: lines may be redrawn and coloured. */
  readonly isTty: boolean;
  readonly hasColours: boolean;
  /** Width in characters. */
  columns(): number;
}

/** Where a command runs: its streams and its environment. */
export interface Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Nobody reads any more, the disk behind a redirection is full, the terminal has gone: nothing to be told, nobody to tell. */
const lostOutput: ReadonlySet<string> = new Set(['EPIPE', 'ENOSPC', 'EIO']);

/** The calling process's own terminal. Colours only where a person watches and NO_COLOR is not set (no-color.org). */
export function processTerminal(): Terminal {
  // `./catamaran status | head -1`: whoever read has seen enough, and that is no failure.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!lostOutput.has(error.code ?? '')) throw error;
    });
  }
  const env = process.env;
  return { stdout: output(process.stdout, env), stderr: output(process.stderr, env), env };
}

function output(stream: NodeJS.WriteStream, env: Terminal['env']): Output {
  const isTty = stream.isTTY === true && env.TERM !== 'dumb';
  return {
    write: (text) => void stream.write(text),
    isTty,
    hasColours: isTty && !env.NO_COLOR,
    columns: () => stream.columns || 80,
  };
}

export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold';

/** `text` in a colour, where the output has colours. */
export function paint(output: Output, colour: Colour, text: string): string {
  return output.hasColours ? styleText(colour, text, { validateStream: false }) : text;
}

/** Rows as aligned columns, two spaces apart, each row ending in a newline. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    });
  }
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, index) => cell.padEnd(widths[index] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** E.g. `340 ms`, `2.1 s`, `3 min 05 s`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** A failure that is told to the person as it stands, without a stack: what failed, on what, what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;
  constructor(message: string, options: { readonly exitCode?: number; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
  }
}

/** An error's message with those of its causes, on one line; a wrapper that repeats its cause says it once. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = error.message || error.name;
  if (error.cause === undefined) return text;
  const cause = describeError(error.cause);
  if (text.includes(cause)) return text;
  return cause.startsWith(text) ? cause : `${text}: ${cause}`;
}

/** Resolves when the person interrupts. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
