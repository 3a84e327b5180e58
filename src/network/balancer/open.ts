import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { whyNoVpcs } from '../linux/open.ts';
import { BalancerError, type LoadBalancers } from './balancer.ts';
import type { BalancersOptions } from './balancers-of-nodes.ts';

const run = promisify(execFile);
const timeoutMs = 10_000;

/** What carries the load balancers of this machine. */
export interface BalancerDriver {
  readonly name: 'HAProxy' | 'Node';
  /** For people. */
  readonly description: string;
}

/** HAProxy where it is installed, else a proxy of Node's. @param choice `node`: that in any case. */
export async function balancerDriver(choice: 'auto' | 'node'): Promise<BalancerDriver> {
  const haproxy = choice === 'node' ? { why: 'that was asked for' } : await lookForHaproxy();
  return 'version' in haproxy
    ? { name: 'HAProxy', description: `HAProxy ${haproxy.version}` }
    : { name: 'Node', description: `a proxy of Node's: ${haproxy.why}` };
}

/**
 * What is behind this loads libraries of the machine, so it is loaded here, when it is wanted. What another driver has
 * running finishes what it has.
 * @throws {BalancerError} this machine can't carry load balancers; `whyNoVpcs` says why without an error.
 */
export async function openBalancers(
  options: BalancersOptions,
  { name }: BalancerDriver,
): Promise<LoadBalancers> {
  const why = await whyNoVpcs();
  if (why !== undefined) throw new BalancerError(`Cannot carry load balancers on this machine: ${why}`);
  const [haproxy, nodejs] = await loadDrivers();
  if (name === 'Node') {
    haproxy.finishHaproxy(options.directory);
    return nodejs.openNodejsBalancers(options);
  }
  nodejs.finishNodejs(options.directory);
  return haproxy.openHaproxyBalancers(options);
}

/** Ends all that an installation's load balancers ever began on this machine, also what nothing is known of. */
export async function purgeBalancers(options: {
  readonly installationId: string;
  /** Where their files are. */
  readonly directory: string;
}): Promise<void> {
  // What is behind this loads libraries of the machine; without them nothing was ever begun.
  if ((await whyNoVpcs()) !== undefined) return;
  const [haproxy, nodejs] = await loadDrivers();
  nodejs.purgeNodejs(options);
  haproxy.purgeHaproxy(options);
}

function loadDrivers() {
  return Promise.all([import('./haproxy/haproxy-balancers.ts'), import('./nodejs/nodejs-balancers.ts')]);
}

/** What keeps this machine from carrying load balancers by HAProxy; undefined when nothing does. */
export async function whyNoHaproxy(): Promise<string | undefined> {
  const why = await whyNoVpcs();
  if (why !== undefined) return why;
  const found = await lookForHaproxy();
  return 'why' in found ? found.why : undefined;
}

async function lookForHaproxy(): Promise<{ readonly version: string } | { readonly why: string }> {
  try {
    const { stdout } = await run('haproxy', ['-v'], { timeout: timeoutMs });
    const [, version, major, minor] = /version ((\d+)\.(\d+)[^\s-]*)/.exec(stdout) ?? [];
    if (version !== undefined && (Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 6)))
      return { version };
    return {
      why: `HAProxy ${version ?? 'of an unknown version'} is installed, and 2.6 is the oldest that serves`,
    };
  } catch {
    return { why: 'HAProxy is not installed; install it (Debian, Ubuntu: apt-get install haproxy)' };
  }
}
