import { CommandFailure, runCommand } from './run-command.ts';

const formatMs = 120_000;
const checkMs = 600_000;

export interface Ext4Features {
  /** As `mkfs.ext4 -E` takes them. */
  readonly extended: readonly string[];
  /** As `mkfs.ext4 -O` takes them. */
  readonly features?: readonly string[];
}

/** Makes a file system in a file, over whatever was there; none of its blocks is kept for root. @throws {CommandFailure} */
export async function makeExt4(file: string, { extended, features = [] }: Ext4Features): Promise<void> {
  const chosen = features.length === 0 ? [] : ['-O', features.join(',')];
  const options = ['-q', '-F', '-b', '4096', '-m', '0', ...chosen, '-E', extended.join(',')];
  await runCommand('mkfs.ext4', [...options, file], { timeoutMs: formatMs });
}

/** Mends what can be mended without asking. @throws {CommandFailure} there is more. */
export async function checkExt4(file: string, options: readonly string[] = []): Promise<void> {
  try {
    await runCommand('e2fsck', ['-p', ...options, file], { timeoutMs: checkMs });
  } catch (error) {
    const wasMended = error instanceof CommandFailure && error.exitCode === 1;
    if (!wasMended) throw error;
  }
}
