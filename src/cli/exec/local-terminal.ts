import type { TerminalSize } from '../../session-channel/index.ts';

/** The terminal, or the pipes, at which a person sits while a command runs elsewhere. */
export interface LocalTerminal {
  /** Keys are typed: they go as they are, Ctrl-C and the like too. Otherwise input comes from a pipe and ends. */
  readonly isInteractive: boolean;
  /** Undefined where output goes to a pipe or a file. */
  size(): TerminalSize | undefined;
  onResize(changed: () => void): Disposable;
  /** Nothing is echoed or interpreted here until it is disposed of. */
  raw(): Disposable;
  readonly input: AsyncIterable<Buffer>;
  /** Resolves when there is room for more. */
  write(bytes: Buffer): Promise<void>;
  note(text: string): void;
  /** Nobody reads the input any more. */
  close(): void;
}

/** The calling process's own. */
export function processLocalTerminal(): LocalTerminal {
  const { stdin, stdout, stderr } = process;
  return {
    isInteractive: stdin.isTTY === true,
    size: () => (stdout.isTTY ? { columns: stdout.columns, rows: stdout.rows } : undefined),
    onResize: (changed) => {
      stdout.on('resize', changed);
      return { [Symbol.dispose]: () => void stdout.off('resize', changed) };
    },
    raw: () => {
      if (!stdin.isTTY) return { [Symbol.dispose]: () => {} };
      stdin.setRawMode(true);
      return { [Symbol.dispose]: () => void stdin.setRawMode(false) };
    },
    input: stdin as AsyncIterable<Buffer>,
    write: (bytes) =>
      new Promise((resolve) => {
        if (stdout.write(bytes)) resolve();
        else {
          const done = (): void => {
            stdout.off('drain', done).off('close', done).off('error', done);
            resolve();
          };
          stdout.on('drain', done).on('close', done).on('error', done);
        }
      }),
    note: (text) => void stderr.write(text),
    close: () => void stdin.destroy(),
  };
}
