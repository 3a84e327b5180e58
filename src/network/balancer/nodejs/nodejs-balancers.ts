import { mkdirSync, rmSync } from 'node:fs';
import type { LoadBalancerPlan } from '../../../balancing/index.ts';
import { removeName } from '../../linux/namespace.ts';
import { namesOfNamespaces } from '../../linux/namespace-names.ts';
import { BalancerError, type LoadBalancers } from '../balancer.ts';
import { BalancersOfNodes, type BalancersOptions, type PurgeOptions } from '../balancers-of-nodes.ts';
import { MachineWays } from '../machine-ways.ts';
import {
  defaultRunDirectory,
  idsOf,
  nodeNamespacePrefix,
  ownNamespacePath,
  unprivilegedUser,
} from '../places.ts';
import { NodejsProxy } from './nodejs-proxy.ts';
import { programVersion, proxiesBelow, signalProxy } from './proxy-process.ts';

/**
 * Load balancers by a proxy of Node's. docs/decisions/0039-balancers-by-node.md says why it is made like this.
 * @param version Of the program: processes of another one give way.
 */
export function openNodejsBalancers(options: BalancersOptions, version = programVersion()): LoadBalancers {
  const { clock, log } = options;
  const runDirectory = options.runDirectory ?? defaultRunDirectory(options.installationId);
  mkdirSync(runDirectory, { recursive: true, mode: 0o700 });
  const hostNamespacePath = ownPath(options.hostNamespacePath);
  const user = idsOf(unprivilegedUser());
  return new BalancersOfNodes(options, {
    openProxy: (place) =>
      new NodejsProxy({ ...place, runDirectory, hostNamespacePath, user, version, clock, log }),
    refuse,
  });
}

/** By a path that leads there for other processes as well. */
function ownPath(path = ownNamespacePath): string {
  return path === ownNamespacePath ? `/proc/${process.pid}/ns/net` : path;
}

/** @throws {BalancerError} the plan wants what only HAProxy does. */
function refuse({ arn, attributes, targetGroups }: LoadBalancerPlan): void {
  if (attributes.isLogged) {
    throw new BalancerError(
      `Access logs of ${arn} need HAProxy on this machine: install it, or set access_logs.s3.enabled to false`,
    );
  }
  for (const { arn, protocolVersion = 'HTTP1' } of targetGroups) {
    if (protocolVersion !== 'HTTP1') {
      throw new BalancerError(
        `Targets of ${arn} speak ${protocolVersion}, which needs HAProxy on this machine: install it, or set ProtocolVersion to HTTP1`,
      );
    }
  }
}

/** Lets all that this driver has running on the machine finish: another driver carries traffic from now on. */
export function finishNodejs(directory: string): void {
  for (const proxy of proxiesBelow(directory)) signalProxy(proxy, 'SIGTERM');
}

/** Ends all that an installation's load balancers ever began on this machine, also what nothing is known of. */
export function purgeNodejs({
  installationId,
  directory,
  runDirectory = defaultRunDirectory(installationId),
  hostNamespacePath = ownNamespacePath,
}: PurgeOptions): void {
  for (const proxy of proxiesBelow(directory)) signalProxy(proxy, 'SIGKILL');
  for (const name of namesOfNamespaces(nodeNamespacePrefix(installationId))) removeName(name);
  using machineWays = new MachineWays(hostNamespacePath, installationId);
  machineWays.purge();
  rmSync(directory, { recursive: true, force: true });
  rmSync(runDirectory, { recursive: true, force: true });
}
