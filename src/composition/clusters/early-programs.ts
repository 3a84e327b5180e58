import { done, type Reconciler } from '../../reconcile/index.ts';
import { watchingRolesOf } from '../../services/iam/index.ts';
import { eksPrincipal } from '../service-session.ts';

/**
 * Has what a cluster takes loaded and made before the first one is asked for. No cluster is made without a role that EKS may assume, and so that
 * somebody makes one says that a cluster will follow; whoever has none pays nothing.
 */
export function earlyClusterPrograms(prepare: () => Promise<unknown>): Reconciler {
  return {
    name: 'early-cluster-programs',
    watches: [watchingRolesOf(eksPrincipal, 'programs')],
    reconcile: async () => {
      await prepare();
      return done;
    },
  };
}
