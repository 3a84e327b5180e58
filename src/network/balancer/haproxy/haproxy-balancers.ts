import { mkdirSync, rmSync } from 'node:fs';
import { keepName, Namespace, removeName } from '../../linux/namespace.ts';
import { namesOfNamespaces } from '../../linux/namespace-names.ts';
import type { LoadBalancers } from '../balancer.ts';
import { type NodePlace, nodeDigits, nodeNamespace, nodeNamespacePrefix } from '../balancer-of-nodes.ts';
import { BalancersOfNodes, type BalancersOptions, type PurgeOptions } from '../balancers-of-nodes.ts';
import { MachineWays } from '../machine-ways.ts';
import { defaultRunDirectory, ownNamespacePath, unprivilegedUser } from '../places.ts';
import { Generations } from './generation.ts';
import { HaproxyNode } from './node.ts';
import { processesBelow, signalProcess } from './process.ts';

/** Load balancers by HAProxy. docs/decisions/0033-balancers-by-haproxy.md says why it is made like this. */
export function openHaproxyBalancers(options: BalancersOptions): LoadBalancers {
  const { installationId, network, hostNamespacePath = ownNamespacePath, clock, random, log } = options;
  const hostNamespace = hostNamespaceName(installationId);
  using host = new Namespace(hostNamespacePath);
  keepName(hostNamespace, host);
  const runDirectory = options.runDirectory ?? defaultRunDirectory(installationId);
  mkdirSync(runDirectory, { recursive: true, mode: 0o700 });
  const process = { user: unprivilegedUser(), hostNamespace };
  const machineWays = new MachineWays(hostNamespacePath, installationId);
  const openNode = ({ interfaceId, directory, ...told }: NodePlace): HaproxyNode =>
    new HaproxyNode({
      ...{ interfaceId, ...told, process, network, machineWays, clock, random, log },
      namespaceName: nodeNamespace(installationId, interfaceId),
      generations: new Generations({
        ...{ program: 'haproxy', directory, runDirectory, clock },
        name: nodeDigits(interfaceId),
      }),
    });
  return new BalancersOfNodes({ ...options, openNode }, machineWays);
}

/** Lets all that this driver has running on the machine finish: another driver carries traffic from now on. */
export function finishHaproxy(directory: string): void {
  for (const process of processesBelow(directory)) signalProcess(process, process.configuration, 'SIGUSR1');
}

/** Ends all that an installation's load balancers ever began on this machine, also what nothing is known of. */
export function purgeHaproxy({
  installationId,
  directory,
  runDirectory = defaultRunDirectory(installationId),
  hostNamespacePath = ownNamespacePath,
}: PurgeOptions): void {
  for (const process of processesBelow(directory)) signalProcess(process, process.configuration, 'SIGKILL');
  for (const name of namesOfNamespaces(nodeNamespacePrefix(installationId))) removeName(name);
  removeName(hostNamespaceName(installationId));
  using machineWays = new MachineWays(hostNamespacePath, installationId);
  machineWays.purge();
  rmSync(directory, { recursive: true, force: true });
  rmSync(runDirectory, { recursive: true, force: true });
}

function hostNamespaceName(installationId: string): string {
  return `catamaranhost-${installationId}`;
}
