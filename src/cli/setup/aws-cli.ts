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
  const candidates = programs('aws', { ...env, PATH: `${env.PATH ?? ''}:/usr/local/bin:/usr/bin` });
  for (const path of candidates) {
    const version = await versionOf(path, env, signal);
    if (version !== undefined)
      return { path, version, readsEndpointVariable: readsEndpointVariable(version) };
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
