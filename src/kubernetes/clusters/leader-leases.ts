import type { Requester } from '../apiserver/admission/attributes.ts';
import { controlPlane } from '../apiserver/admission/chain.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import { ApiError } from '../apiserver/status.ts';
import type { Kept } from '../controllers/objects.ts';
import { Writer } from '../controllers/writer.ts';
import { resourceNamed } from '../schema/catalogue.ts';

const leases = resourceNamed('coordination.k8s.io', 'leases');
const namespace = 'kube-system';
/** As upstream's `--leader-elect-lease-duration`. */
const durationSeconds = 15;
/** Those of upstream's control plane that elect a leader, and that EKS runs as well. */
const programs = ['kube-controller-manager', 'kube-scheduler'];

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

type Lease = Kept & { readonly spec?: LeaseSpec };

/**
 * Says in a cluster's Leases that its controllers and its scheduler run, and where, as whoever elects a leader does
 * (client-go's `leaderelection`). @param holder Of this process: another one before it has given way.
 */
export async function renewLeaderLeases(cluster: Cluster, holder: string): Promise<void> {
  await Promise.all(programs.map((program) => renew(cluster, program, holder)));
}

async function renew(cluster: Cluster, program: string, holder: string): Promise<void> {
  const by: Requester = {
    ...controlPlane,
    user: { username: `system:${program}`, groups: ['system:authenticated'] },
  };
  const writer = new Writer(cluster, { by, program });
  const now = new Date(cluster.clock.now()).toISOString().replace('Z', '000Z');
  try {
    await writer.changeNamed<Lease>(leases, namespace, program, (present) => ({
      ...present,
      spec: renewed(present.spec, holder, now),
    }));
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'NotFound')) throw error;
    await writer.create(leases, namespace, {
      metadata: { name: program },
      spec: renewed(undefined, holder, now),
    });
  }
}

/** A lease as its holder has it from now on; a new one counts that there was another. */
export function renewed(present: LeaseSpec | undefined, holder: string, now: string): LeaseSpec {
  const { holderIdentity, acquireTime = now, leaseTransitions = 0 } = present ?? {};
  const isOwn = holderIdentity === holder;
  return {
    ...{ holderIdentity: holder, leaseDurationSeconds: durationSeconds },
    ...{ acquireTime: isOwn ? acquireTime : now, renewTime: now },
    leaseTransitions: leaseTransitions + (present === undefined || isOwn ? 0 : 1),
  };
}
