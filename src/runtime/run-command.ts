import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A program of the machine failed. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  /** Undefined: it could not be run, or did not end in time. */
  readonly exitCode: number | undefined;

  constructor(message: string, exitCode: number | undefined, cause: unknown) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}

/**
 * @returns what it printed.
 * @throws {CommandFailure} with what it said.
 */
export async function runCommand(
  file: string,
  args: readonly string[],
  { timeoutMs = 20_000 }: { readonly timeoutMs?: number } = {},
): Promise<string> {
  try {
    const { stdout } = await run(file, args, { timeout: timeoutMs });
    return stdout;
  } catch (error) {
    const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: string };
    const said = stderr?.trim() || (error instanceof Error ? error.message : String(error));
    throw new CommandFailure(`${file}: ${said}`, typeof code === 'number' ? code : undefined, error);
  }
}
