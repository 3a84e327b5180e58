import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { defaultStateDirectory, type StateLayout, stateLayout } from '../installation/index.ts';
import { shellQuote } from './shell.ts';
import { CommandError } from './terminal.ts';

/**
 * A directory with something else in it becomes no state directory: `down --purge` would remove that, too.
 * @throws {CommandError}
 */
export function checkStateDirectory(layout: StateLayout): void {
  const { directory, credentials, sealingKey, membership, installation, server, store, log } = layout;
  if (!existsSync(directory)) return;
  if (!statSync(directory).isDirectory()) {
    throw new CommandError(`${directory} is a file: a directory is expected as --state`);
  }
  const names = readdirSync(directory);
  // By how they begin: a start that was killed may have left a draft.
  const own = [credentials, sealingKey, membership, installation, server, store, log].map((path) =>
    basename(path),
  );
  if (names.length > 0 && !names.some((name) => own.some((beginning) => name.startsWith(beginning)))) {
    throw new CommandError(
      `${directory} is not a state directory of Catamaran and not empty (${names[0]}): give another --state`,
    );
  }
}

/** ` --state DIR` where the next command needs it to find this installation. */
export function stateArgument(state: string): string {
  const byDefault = stateLayout(defaultStateDirectory(process.env)).directory;
  const { directory } = stateLayout(state);
  return directory === byDefault ? '' : ` --state ${shellQuote(directory)}`;
}
