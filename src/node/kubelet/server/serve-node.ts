import { X509Certificate } from 'node:crypto';
import type { Clock, Random } from '../../../clock/index.ts';
import type { Log } from '../../../log.ts';
import type { Runtime } from '../../../runtime/index.ts';
import type { Api } from '../api/api-client.ts';
import type { NodeDescription } from '../kubelet-options.ts';
import type { Pod } from '../objects/pod.ts';
import { ClientAccess } from './client-access.ts';
import { EnginePods } from './engine-pods.ts';
import { startKubeletServer } from './kubelet-server.ts';
import { requestServingCertificate, type ServingCertificate } from './serving-certificate.ts';
import { CpuTotal, type NodeStats, type VolumeUses } from './stats.ts';

const MiB = 1_048_576;

export interface NodeServing {
  readonly node: NodeDescription;
  readonly api: Pick<Api, 'create' | 'get'>;
  /** Of the cluster, PEM. */
  readonly certificateAuthority: string;
  readonly runtime: Runtime;
  readonly labels: Readonly<Record<string, string>>;
  readonly pods: () => readonly Pod[];
  readonly measured: Pick<NodeStats, 'uses' | 'disk'>;
  readonly volumes: VolumeUses;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Told where it listens. */
  onListening(port: number): void;
}

/**
 * Serves the kubelet's API of one node until the signal aborts: first it gets a certificate for the node's name, and another
 * one before that ends.
 * @throws {Error} there is no certificate, or no place to listen.
 */
export async function serveNode(serving: NodeServing): Promise<void> {
  const { node, api, certificateAuthority, runtime, labels, pods, clock, random, log, signal } = serving;
  const request = () => requestServingCertificate(api, node.name, { clock, random }, signal);
  const certificate = await request();
  await using server = await startKubeletServer({
    ...{ nodeName: node.name, host: node.machineAddress, certificateAuthority, certificate },
    access: new ClientAccess(api, node.name, clock),
    pods: new EnginePods({ runtime, labels, pods, clock }),
    stats: {
      startedAtMs: clock.now(),
      ...{ memoryCapacityBytes: node.capacity.memoryMiB * MiB, cpuMillis: node.capacity.cpuMillis },
      ...serving.measured,
      cpu: new CpuTotal(),
    },
    ...{ runtime, clock, log, volumes: serving.volumes },
  });
  serving.onListening(server.port);
  for (let shown = certificate; ; server.renew(shown)) {
    await clock.sleep(renewAfterMs(shown, random), signal);
    shown = await request();
  }
}

/** As upstream: at some moment between 70 and 90 percent of its life. */
function renewAfterMs({ certificate }: ServingCertificate, random: Random): number {
  const { validFrom, validTo } = new X509Certificate(certificate);
  const lifeMs = Date.parse(validTo) - Date.parse(validFrom);
  return lifeMs * (0.7 + 0.2 * random.float());
}
