import { existsSync, rmSync } from 'node:fs';
import { CommandError, type PurgeReport } from '../cli/index.ts';
import type { Clock, Random } from '../clock/index.ts';
import { type KnownInstallation, readInstallation, stateLayout } from '../installation/index.ts';
import type { Log } from '../log.ts';
import { openLinuxNetwork, purgeBalancers, whyNoVpcs } from '../network/index.ts';
import { openSqliteStore, StoreLockedError } from '../store/index.ts';
import { openEngine } from './engine.ts';
import { installationLabel } from './labels.ts';

/**
 * Removes all that an installation made on the Engine and in the kernel, then its state directory.
 * @throws {CommandError} a Catamaran is just starting or stopping on it.
 */
export async function purge(
  stateDirectory: string,
  parts: { readonly clock: Clock; readonly random: Random; readonly log: Log },
): Promise<PurgeReport> {
  await using lock = new AsyncDisposableStack();
  lock.adopt(await holdStore(stateDirectory, parts.clock), (it) => it?.close());
  const installation = readInstallation(stateDirectory);
  let report: PurgeReport = { containers: 0, networks: 0, volumes: 0 };
  if (installation !== undefined) {
    const labels = { [installationLabel]: installation.id };
    const { disks: disksDirectory } = stateLayout(stateDirectory);
    const { runtime } = await openEngine({ ...parts, labels, disksDirectory });
    await using _ = runtime;
    report = await runtime.purge(labels);
    const { balancers } = stateLayout(stateDirectory);
    await purgeBalancers({ installationId: installation.id, directory: balancers });
    await purgeVpcs(installation, parts);
  }
  const { removeWithMounts } = await import('../node/index.ts');
  // Volumes that users keep elsewhere are mounted in the directories of pods.
  const { node, volumes, disks } = stateLayout(stateDirectory);
  for (const directory of [node, volumes, disks]) await removeWithMounts(directory);
  rmSync(stateDirectory, { recursive: true, force: true });
  return report;
}

/** What it made in the kernel; nothing where it can't have made anything. */
async function purgeVpcs(
  { id, publicCidr }: KnownInstallation,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<void> {
  if (publicCidr === undefined || (await whyNoVpcs()) !== undefined) return;
  await using network = await openLinuxNetwork({ installationId: id, publicCidr, clock, log });
  await network.purge();
}

/** Whoever holds the store is the only Catamaran on it. One that can't be opened for another reason is purged as it is. */
async function holdStore(stateDirectory: string, clock: Clock) {
  const directory = stateLayout(stateDirectory).store;
  if (!existsSync(directory)) return undefined;
  try {
    return await openSqliteStore({ directory, clock });
  } catch (error) {
    if (!(error instanceof StoreLockedError)) return undefined;
    throw new CommandError(`${error.message}. It is starting or stopping: try again in a moment`, {
      cause: error,
    });
  }
}
