import { type ChildProcess, spawn } from 'node:child_process';

export interface ChildResult {
  /** The exit code; 128 plus the signal's number when a signal ended it (as a shell says it). */
  readonly exitCode: number;
  /** Both streams as they came, the last `outputBytes` of them. */
  readonly output: string;
}

export interface ChildOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Aborting ends the whole process group. */
  readonly signal: AbortSignal;
  readonly onLine?: (line: string) => void;
  /** Messages of a Node child over its IPC channel, which is opened only when this is given. */
  readonly onMessage?: (message: unknown) => void;
  readonly outputBytes?: number;
}

/** Runs a program to its end without a shell and without input. @throws when it can't be started. */
export function runChild(file: string, args: readonly string[], options: ChildOptions): Promise<ChildResult> {
  options.signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: options.env === undefined ? process.env : { ...options.env },
      stdio: options.onMessage ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const kept = new TailText(options.outputBytes ?? 4 * 1024 * 1024);
    let unfinishedLine = '';
    const onData = (chunk: string): void => {
      kept.push(chunk);
      if (!options.onLine) return;
      const lines = (unfinishedLine + chunk).split(/\r?\n|\r/);
      unfinishedLine = lines.pop() ?? '';
      for (const line of lines) options.onLine(line);
    };
    child.stdout?.setEncoding('utf8').on('data', onData);
    child.stderr?.setEncoding('utf8').on('data', onData);
    if (options.onMessage) child.on('message', options.onMessage);
    const abort = (): void => endGroup(child);
    options.signal.addEventListener('abort', abort, { once: true });
    child.on('error', (cause) => {
      options.signal.removeEventListener('abort', abort);
      reject(new Error(`Cannot run ${file}`, { cause }));
    });
    child.on('close', (code, signalName) => {
      options.signal.removeEventListener('abort', abort);
      if (options.signal.aborted) reject(options.signal.reason);
      else resolve({ exitCode: code ?? exitCodeOfSignal(signalName), output: kept.text() });
    });
  });
}

/** What a shell reports for a program that a signal ended. */
export function exitCodeOfSignal(signalName: NodeJS.Signals | null): number {
  const numbers: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };
  return 128 + (signalName === null ? 0 : (numbers[signalName] ?? 0));
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGTERM');
  } catch {
    // It has ended by itself in the meantime.
  }
}

/** Keeps the end of a text that may be long. */
class TailText {
  readonly #maxCharacters: number;
  #chunks: string[] = [];
  #characters = 0;

  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  push(chunk: string): void {
    this.#chunks.push(chunk);
    this.#characters += chunk.length;
    while (this.#characters - (this.#chunks[0]?.length ?? 0) > this.#maxCharacters) {
      this.#characters -= this.#chunks.shift()?.length ?? 0;
    }
  }

  text(): string {
    return this.#chunks.join('');
  }
}
