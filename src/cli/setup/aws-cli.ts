import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runChild } from '../child.ts';
import { programs } from './programs.ts';

export interface AwsCli {
  readonly path: string;
  /** E.g. `2.13.5`. */
  readonly version: string;
  /**
   * Reads `AWS_ENDPOINT_URL`. Older ones ignore it and would talk to the real AWS (AWS SDKs and tools reference,
   * "Service-specific endpoints": AWS CLI 2.13.0, and 1.29.0 of the first version).
   */
  readonly readsEndpointVariable: boolean;
}

/** The first AWS CLI on PATH that runs; a broken one (a shim without its interpreter, say) is passed over. */
export async function findAwsCli(
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<AwsCli | undefined> {
  return firstThatRuns(candidates(env), env, signal);
}

/** What was found last, and among which files. */
interface Finding {
  readonly path: string;
  readonly version: string;
  readonly among: string;
}

/**
 * The same, remembered in the state directory for as long as the files called `aws` on PATH stay as they are: an AWS
 * CLI takes a second to tell its version, as long as what it was called for.
 * @returns also whether it is another one than the last time.
 */
export async function findAwsCliAgain(
  stateDirectory: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<(AwsCli & { readonly isNew: boolean }) | undefined> {
  const paths = candidates(env);
  const among = JSON.stringify(paths.map(fingerprint));
  const last = lastFinding(stateDirectory);
  if (last?.among === among) return { ...describe(last), isNew: false };
  const cli = await firstThatRuns(paths, env, signal);
  if (cli === undefined) return undefined;
  const { path, version } = cli;
  try {
    writeFileSync(memory(stateDirectory), JSON.stringify({ path, version, among } satisfies Finding), {
      mode: 0o600,
    });
  } catch {
    // On a full disk it is looked for again the next time.
  }
  return { ...cli, isNew: last?.path !== path || last.version !== version };
}

/** Has it looked for again: what was found does not start any more (a shim whose interpreter has gone, say). */
export function forgetAwsCli(stateDirectory: string): void {
  rmSync(memory(stateDirectory), { force: true });
}

function memory(stateDirectory: string): string {
  return join(stateDirectory, 'aws-cli.json');
}

function lastFinding(stateDirectory: string): Finding | undefined {
  try {
    const { path, version, among } = JSON.parse(readFileSync(memory(stateDirectory), 'utf8'));
    const isWhole = [path, version, among].every((each) => typeof each === 'string');
    return isWhole ? { path, version, among } : undefined;
  } catch {
    return undefined;
  }
}

/** What changes when another program takes the path. */
function fingerprint(path: string): readonly (number | string)[] {
  const { ino, size, mtimeMs } = statSync(path);
  return [path, ino, size, mtimeMs];
}

function candidates(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  return programs('aws', { ...env, PATH: `${env.PATH ?? ''}:/usr/local/bin:/usr/bin` });
}

function describe({ path, version }: Pick<AwsCli, 'path' | 'version'>): AwsCli {
  return { path, version, readsEndpointVariable: readsEndpointVariable(version) };
}

async function firstThatRuns(
  paths: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<AwsCli | undefined> {
  for (const path of paths) {
    const version = await versionOf(path, env, signal);
    if (version !== undefined) return describe({ path, version });
  }
  return undefined;
}

async function versionOf(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { exitCode, output } = await runChild(path, ['--version'], { env, signal });
    return exitCode === 0 ? /aws-cli\/(\d+\.\d+\.\d+)/.exec(output)?.[1] : undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    return undefined;
  }
}

export function readsEndpointVariable(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major === 1) return minor >= 29;
  return major > 2 || (major === 2 && minor >= 13);
}
