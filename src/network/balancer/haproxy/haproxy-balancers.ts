import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadBalancerPlan } from '../../../balancing/index.ts';
import { keepName, Namespace, removeName } from '../../linux/namespace.ts';
import { namesOfNamespaces } from '../../linux/namespace-names.ts';
import type { LoadBalancers } from '../balancer.ts';
import { BalancerOfNodes, type BalancerOptions, nodeNamespacePrefix } from './balancer-of-nodes.ts';
import { directoriesIn } from './directories.ts';
import { processesBelow, signalProcess } from './process.ts';

export interface HaproxyBalancersOptions
  extends Omit<BalancerOptions, 'program' | 'user' | 'hostNamespace' | 'runDirectory'> {
  /** Default: the one in the path. */
  readonly program?: string;
  /** For sockets, whose paths have to be short. Default: below /run. */
  readonly runDirectory?: string;
  /** In which targets of the type `instance` are reached. Default: this process's. */
  readonly hostNamespacePath?: string;
}

/** Load balancers by HAProxy. docs/decisions/0033-balancers-by-haproxy.md says why it is made like this. */
export class HaproxyBalancers implements LoadBalancers {
  readonly #options: BalancerOptions;
  readonly #balancers = new Map<string, BalancerOfNodes>();

  constructor(options: HaproxyBalancersOptions) {
    const { installationId, hostNamespacePath = '/proc/thread-self/ns/net' } = options;
    const hostNamespace = hostNamespaceName(installationId);
    using host = new Namespace(hostNamespacePath);
    keepName(hostNamespace, host);
    this.#options = {
      ...options,
      program: options.program ?? 'haproxy',
      runDirectory: options.runDirectory ?? defaultRunDirectory(installationId),
      user: unprivilegedUser(),
      hostNamespace,
    };
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    mkdirSync(this.#options.runDirectory, { recursive: true, mode: 0o700 });
  }

  apply(plan: LoadBalancerPlan, signal?: AbortSignal): Promise<void> {
    return this.#balancer(plan.id).apply(plan, signal);
  }

  async remove(id: string): Promise<void> {
    await this.#balancer(id).remove();
    this.#balancers.delete(id);
  }

  async removeOthers(ids: readonly string[]): Promise<void> {
    const known = [...this.#balancers.keys(), ...directoriesIn(this.#options.directory)];
    for (const id of new Set(known)) if (!ids.includes(id)) await this.remove(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#balancers.values().map((balancer) => balancer[Symbol.asyncDispose]()));
  }

  #balancer(id: string): BalancerOfNodes {
    const known = this.#balancers.get(id) ?? new BalancerOfNodes(id, this.#options);
    this.#balancers.set(id, known);
    return known;
  }
}

/** Ends all that an installation's load balancers ever began on this machine, also what nothing is known of. */
export function purgeHaproxy({
  installationId,
  directory,
  runDirectory = defaultRunDirectory(installationId),
}: Pick<HaproxyBalancersOptions, 'installationId' | 'directory' | 'runDirectory'>): void {
  for (const process of processesBelow(directory)) signalProcess(process, process.configuration, 'SIGKILL');
  for (const name of namesOfNamespaces(nodeNamespacePrefix(installationId))) removeName(name);
  removeName(hostNamespaceName(installationId));
  rmSync(directory, { recursive: true, force: true });
  rmSync(runDirectory, { recursive: true, force: true });
}

function hostNamespaceName(installationId: string): string {
  return `catamaranhost-${installationId}`;
}

function defaultRunDirectory(installationId: string): string {
  return join('/run', `catamaran-${installationId}`);
}

/** HAProxy's packages make a user for it. */
function unprivilegedUser(): string {
  return /^haproxy:/m.test(readFileSync('/etc/passwd', 'utf8')) ? 'haproxy' : 'nobody';
}
