import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { whyNoVpcs } from '../linux/open.ts';
import { BalancerError, type LoadBalancers } from './balancer.ts';
import type { BalancersOptions } from './balancers-of-nodes.ts';

const run = promisify(execFile);
const timeoutMs = 10_000;

/**
 * What is behind this loads libraries of the machine, so it is loaded here, when it is wanted.
 * @throws {BalancerError} this machine can't carry load balancers; `whyNoBalancers` says why without an error.
 */
export async function openBalancers(options: BalancersOptions): Promise<LoadBalancers> {
  const why = await whyNoBalancers();
  if (why !== undefined) throw new BalancerError(`Cannot carry load balancers on this machine: ${why}`);
  const { openHaproxyBalancers } = await import('./haproxy/haproxy-balancers.ts');
  return openHaproxyBalancers(options);
}

/** Ends all that an installation's load balancers ever began on this machine, also what nothing is known of. */
export async function purgeBalancers(options: {
  readonly installationId: string;
  /** Where their files are. */
  readonly directory: string;
}): Promise<void> {
  // What is behind this loads libraries of the machine; without them nothing was ever begun.
  if ((await whyNoVpcs()) !== undefined) return;
  const { purgeHaproxy } = await import('./haproxy/haproxy-balancers.ts');
  purgeHaproxy(options);
}

/** What keeps this machine from carrying load balancers, and what to do about it; undefined when nothing does. */
export async function whyNoBalancers(): Promise<string | undefined> {
  const why = await whyNoVpcs();
  if (why !== undefined) return why;
  try {
    const { stdout } = await run('haproxy', ['-v'], { timeout: timeoutMs });
    const [, version, major, minor] = /version ((\d+)\.(\d+)\S*)/.exec(stdout) ?? [];
    if (Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 6)) return undefined;
    return `HAProxy ${version ?? 'of an unknown version'} is installed, and 2.6 is the oldest that serves`;
  } catch {
    return 'HAProxy is not installed; install it (Debian, Ubuntu: apt-get install haproxy)';
  }
}
