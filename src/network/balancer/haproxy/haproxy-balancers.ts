import { mkdirSync, rmSync } from 'node:fs';
import { keepName, Namespace, removeName } from '../../linux/namespace.ts';
import { namesOfNamespaces } from '../../linux/namespace-names.ts';
import type { LoadBalancers } from '../balancer.ts';
import { BalancersOfNodes, type BalancersOptions, type PurgeOptions } from '../balancers-of-nodes.ts';
import { MachineWays } from '../machine-ways.ts';
import {
  defaultRunDirectory,
  nodeDigits,
  nodeNamespacePrefix,
  ownNamespacePath,
  unprivilegedUser,
} from '../places.ts';
import { Generations } from './generation.ts';
import { Haproxy } from './haproxy.ts';
import { processesBelow, signalProcess } from './process.ts';

/** Load balancers by HAProxy. docs/decisions/0033-balancers-by-haproxy.md says why it is made like this. */
export function openHaproxyBalancers(options: BalancersOptions): LoadBalancers {
  const { installationId, hostNamespacePath = ownNamespacePath, clock, log } = options;
  const hostNamespace = hostNamespaceName(installationId);
  using host = new Namespace(hostNamespacePath);
  keepName(hostNamespace, host);
  const runDirectory = options.runDirectory ?? defaultRunDirectory(installationId);
  mkdirSync(runDirectory, { recursive: true, mode: 0o700 });
  const process = { user: unprivilegedUser(), hostNamespace };
  return new BalancersOfNodes(options, {
    openProxy: ({ interfaceId, directory, carried, logged }) =>
      new Haproxy({
        ...{ carried, logged, process, clock, log },
        generations: new Generations({
          ...{ program: 'haproxy', directory, runDirectory, clock },
          name: nodeDigits(interfaceId),
        }),
      }),
  });
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
