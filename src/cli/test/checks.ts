import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const checkout = fileURLToPath(new URL('../../..', import.meta.url));

/** A command whose exit code says whether the source is as it should be. Its words are shown when it is not. */
export interface Check {
  readonly name: string;
  /** What to do about a failure, where the command does not say so itself. */
  readonly remedy?: string;
  /** A JavaScript file, run by this Node, and its arguments. */
  readonly command: readonly [file: string, ...args: string[]];
}

/** In the order of what is most likely to fail and quickest to tell. */
export function checks(): readonly Check[] {
  return [
    { name: 'types', command: [binary('typescript', 'tsc'), '-p', '.'] },
    {
      name: 'lint and format',
      remedy: 'npx biome check --write . mends most of it',
      command: [
        binary('@biomejs/biome', 'biome'),
        'ci',
        '--colors=off',
        '--diagnostic-level=warn',
        '--error-on-warnings',
        '.',
      ],
    },
    {
      name: 'unused code',
      remedy: 'remove what nobody uses, or stop exporting what only its own file uses',
      command: [binary('knip', 'knip'), '--no-progress'],
    },
  ];
}

/** Vitest over one of its projects, and what belongs to it but runs alone. */
export function vitestCommand(
  project: 'unit' | 'e2e',
  filters: readonly string[],
): readonly [string, ...string[]] {
  const reporter = fileURLToPath(new URL('vitest-reporter.ts', import.meta.url));
  return [
    binary('vitest', 'vitest'),
    'run',
    '--project',
    `${project}*`,
    '--reporter=minimal',
    `--reporter=${reporter}`,
    '--passWithNoTests',
    ...filters,
  ];
}

/** The file behind an installed package's command. */
function binary(packageName: string, command: string): string {
  const require = createRequire(join(checkout, 'package.json'));
  for (const folder of require.resolve.paths(packageName) ?? []) {
    const manifestPath = join(folder, packageName, 'package.json');
    if (!existsSync(manifestPath)) continue;
    const { bin } = require(manifestPath);
    const file = typeof bin === 'string' ? bin : bin?.[command];
    if (typeof file === 'string') return join(dirname(manifestPath), file);
  }
  throw new Error(
    `Cannot find the command ${command} of ${packageName}: run ./catamaran again to install it`,
  );
}
