import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ListenerPlan, LoadBalancerPlan, TargetGroupPlan } from '../../../balancing/index.ts';
import { systemClock } from '../../../clock/index.ts';
import { Namespace } from '../../linux/namespace.ts';
import type { CertificateChain } from '../balancer.ts';
import { type WrittenConfiguration, writeConfiguration } from '../haproxy/configuration/configuration.ts';
import { isRunning, signalProcess, startProcess } from '../haproxy/process.ts';
import { assignServers, slotsOf } from '../haproxy/slots.ts';
import { balancer } from './plans.ts';

/** A HAProxy by a plan, on loopback and without a VPC: for what it makes of requests. */
export interface TestProxy extends AsyncDisposable {
  /** Of the listener, by its port in the plan. */
  portOf(listenerPort: number): number;
}

/** What a node's configuration is when all targets are well. */
export function configurationOf(
  plan: LoadBalancerPlan,
  directory: string,
  certificates: ReadonlyMap<string, CertificateChain> = new Map(),
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
    node: { interfaceId: 'eni-1', address: '127.0.0.1', availabilityZone: 'us-east-1a' },
    socketPath: join(directory, 'proxy.sock'),
    rootDirectory: join(directory, 'empty'),
    hostNamespace: 'none',
  });
}

export async function openProxy(
  changes: Partial<LoadBalancerPlan>,
  certificates?: ReadonlyMap<string, CertificateChain>,
): Promise<TestProxy> {
  const directory = mkdtempSync(join(tmpdir(), 'catamaran-proxy-'));
  const planned = balancer(changes);
  const ports = new Map<number, number>();
  for (const { port } of planned.listeners) ports.set(port, await freePort());
  const listeners = planned.listeners.map(
    (each): ListenerPlan => ({ ...each, port: ports.get(each.port) ?? 0 }),
  );
  const { text, files } = configurationOf({ ...planned, listeners }, directory, certificates);
  mkdirSync(join(directory, 'empty'));
  for (const [name, content] of files) writeFileSync(join(directory, name), content);
  const paths = {
    configuration: join(directory, '1.cfg'),
    socket: join(directory, 'proxy.sock'),
    log: join(directory, '1.log'),
  };
  writeFileSync(paths.configuration, text);
  using namespace = new Namespace('/proc/thread-self/ns/net');
  const clock = systemClock();
  const process = await startProcess({ program: 'haproxy', namespace, paths, generation: 1, clock });
  return {
    portOf: (port) => ports.get(port) ?? 0,
    [Symbol.asyncDispose]: async () => {
      signalProcess(process, paths.configuration, 'SIGKILL');
      while (isRunning(process, paths.configuration)) await clock.sleep(5);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No port is free');
  return address.port;
}
