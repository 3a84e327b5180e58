import { rmSync } from 'node:fs';
import type { PurgeReport } from '../cli/index.ts';
import type { Clock, Random } from '../clock/index.ts';
import { readInstallation } from '../installation/index.ts';
import type { Log } from '../log.ts';
import { openEngine } from './engine.ts';
import { installationLabel } from './labels.ts';

/** Removes all that an installation made on the Engine, then its state directory. */
export async function purge(
  stateDirectory: string,
  parts: { readonly clock: Clock; readonly random: Random; readonly log: Log },
): Promise<PurgeReport> {
  const installation = readInstallation(stateDirectory);
  let report: PurgeReport = { containers: 0, networks: 0, volumes: 0 };
  if (installation !== undefined) {
    const labels = { [installationLabel]: installation.id };
    const { runtime } = await openEngine({ ...parts, labels });
    await using _ = runtime;
    report = await runtime.purge(labels);
  }
  rmSync(stateDirectory, { recursive: true, force: true });
  return report;
}
