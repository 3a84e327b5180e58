import { uuid } from '../../clock/index.ts';
import { again, done, type Reconciler, type RecordKey, watching } from '../../reconcile/index.ts';
import type { KubernetesContext } from '../context.ts';
import { type ControlPlaneRecord, controlPlanes, placeOfControlPlane } from '../records.ts';
import type { ControlPlanes } from './cluster-control-plane.ts';

/** As late as a leader of upstream's may be (`--leader-elect-renew-deadline`): every cluster pays for each. */
const renewMs = 10_000;
const soonMs = 250;

/** Renews the Leases that show that a cluster's controllers and scheduler run: by this process' own queue, as all their work is. */
export function leaderLeases({ state, random }: KubernetesContext, running: ControlPlanes): Reconciler {
  const holder = `catamaran_${uuid(random)}`;
  return {
    name: 'kubernetes-leader-leases',
    watches: [watching<ControlPlaneRecord>(controlPlanes, ({ key }) => [key])],
    reconcile: async (key) => {
      if (state.get(controlPlanes, key as RecordKey) === undefined) return done;
      const cluster = running.clusterOf(placeOfControlPlane(key));
      if (cluster === undefined) return again(soonMs);
      const { renewLeaderLeases } = await import('../clusters/leader-leases.ts');
      await renewLeaderLeases(cluster, holder);
      return again(renewMs);
    },
  };
}
