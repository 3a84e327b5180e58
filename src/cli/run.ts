import { exitCodeOfSignal } from './child.ts';
import type { Composition } from './composition.ts';
import { buildProgram } from './program.ts';
import { CommandError, describeError, paint, processTerminal, type Terminal } from './terminal.ts';

/** Ctrl-C, a supervisor, a terminal that was closed. */
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs one command line (without `node` and the file's name) to its end.
 *
 * The first such signal aborts the command, which then cleans up and ends; a third one ends the process
 * at once.
 * @returns the exit code.
 */
export async function run(
  argv: readonly string[],
  composition: Composition,
  terminal: Terminal = processTerminal(),
): Promise<number> {
  const interruption = new AbortController();
  let interruptions = 0;
  let signalExitCode = 130;
  const interrupt = (signalName: NodeJS.Signals): void => {
    interruptions += 1;
    signalExitCode = exitCodeOfSignal(signalName);
    if (interruptions > 2) process.exit(signalExitCode);
    interruption.abort(new Interrupted());
  };
  for (const name of endingSignals) process.on(name, interrupt);
  try {
    return await buildProgram(composition, terminal, interruption.signal)(argv);
  } catch (error) {
    if (isInterruption(error, interruption.signal)) {
      terminal.stderr.write('Interrupted.\n');
      return signalExitCode;
    }
    if (error instanceof CommandError) {
      terminal.stderr.write(`${paint(terminal.stderr, 'red', 'error:')} ${describeError(error)}\n`);
      return error.exitCode;
    }
    // A failure nobody foresaw: whoever reports it needs the stack.
    const stack = error instanceof Error ? error.stack : undefined;
    terminal.stderr.write(
      `${paint(terminal.stderr, 'red', 'error:')} ${describeError(error)}\n${stack ?? ''}\n`,
    );
    return 1;
  } finally {
    for (const name of endingSignals) process.off(name, interrupt);
  }
}

/** The SDK answers an aborted signal with an error of its own instead of the signal's reason. */
function isInterruption(error: unknown, signal: AbortSignal): boolean {
  return (
    error instanceof Interrupted || (signal.aborted && error instanceof Error && error.name === 'AbortError')
  );
}

/** The person pressed Ctrl-C, or a supervisor asked the process to end. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor() {
    super('Interrupted');
  }
}
