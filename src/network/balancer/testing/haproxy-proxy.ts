import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadBalancerPlan, NodePlan, TargetGroupPlan } from '../../../balancing/index.ts';
import { systemClock } from '../../../clock/index.ts';
import { Namespace } from '../../linux/namespace.ts';
import { assignServers } from '../assignment.ts';
import type { CertificateChain } from '../balancer.ts';
import { type WrittenConfiguration, writeConfiguration } from '../haproxy/configuration/configuration.ts';
import { isRunning, signalProcess, startProcess } from '../haproxy/process.ts';
import { slotsOf } from '../haproxy/slots.ts';
import { type OpenProxy, onFreePorts, serveGuard, testNode } from './proxy.ts';

/** What a node's configuration is when all targets are well. */
export function configurationOf(
  plan: LoadBalancerPlan,
  directory: string,
  certificates: ReadonlyMap<string, CertificateChain> = new Map(),
  node: NodePlan = testNode(),
): WrittenConfiguration {
  const slots = new Map(
    plan.targetGroups.map((group: TargetGroupPlan) => [
      group.arn,
      slotsOf({
        group,
        assignment: assignServers(undefined, group.targets),
        isUsed: () => true,
        isAdmitted: () => true,
        cookieKey: 'key',
      }),
    ]),
  );
  return writeConfiguration({
    ...{ plan, slots, certificates, directory, cookieKey: 'key', user: 'nobody' },
    node,
    socketPath: join(directory, 'proxy.sock'),
    rootDirectory: join(directory, 'empty'),
    hostNamespace: 'none',
  });
}

/** A HAProxy as a node's. */
export const openHaproxy: OpenProxy = async (changes, certificates, guard) => {
  const directory = mkdtempSync(join(tmpdir(), 'catamaran-proxy-'));
  const { plan, portOf } = await onFreePorts(changes);
  const node = testNode();
  const { text, files } = configurationOf(plan, directory, certificates, node);
  const guarding = guard && serveGuard(node, guard);
  mkdirSync(join(directory, 'empty'));
  for (const [name, content] of files) writeFileSync(join(directory, name), content);
  const paths = {
    configuration: join(directory, '1.cfg'),
    socket: join(directory, 'proxy.sock'),
    log: join(directory, '1.log'),
    read: join(directory, '1.read'),
  };
  writeFileSync(paths.configuration, text);
  using namespace = new Namespace('/proc/thread-self/ns/net');
  const clock = systemClock();
  const process = await startProcess({ program: 'haproxy', namespace, paths, generation: 1, clock });
  return {
    portOf,
    [Symbol.asyncDispose]: async () => {
      guarding?.[Symbol.dispose]();
      signalProcess(process, paths.configuration, 'SIGKILL');
      while (isRunning(process, paths.configuration)) await clock.sleep(5);
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
