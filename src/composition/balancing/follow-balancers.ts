import type { LoadBalancerPlan } from '../../balancing/index.ts';
import type { Clock } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { BalancerReports, LoadBalancers } from '../../network/index.ts';
import { followKeys, type KeySource } from '../follow-keys.ts';

/** Elastic Load Balancing's side: what load balancers there are, and which of them a commit may have changed. */
export interface BalancerSource extends KeySource {
  /** Undefined: there is no such load balancer any more. */
  planOf(key: string): LoadBalancerPlan | undefined;
}

export interface FollowBalancersOptions {
  readonly source: BalancerSource;
  readonly certificates: {
    /** Told of every certificate that is another from now on. */
    onCertificatesChanged(changed: (arn: string) => void): Disposable;
  };
  readonly balancers: Pick<LoadBalancers, 'apply' | 'remove'>;
  readonly reports: Pick<BalancerReports, 'nodes'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Keeps the load balancers of this machine as they are planned, from now on. */
export function followBalancers({
  source,
  certificates,
  balancers,
  reports,
  clock,
  log,
}: FollowBalancersOptions): AsyncDisposable {
  /** Plans that were carried out, by key. */
  const carriedOut = new Map<string, LoadBalancerPlan>();
  /** Keys of those whose certificates are others now. */
  const renewed = new Set<string>();
  /** Ids of all that were tried, by key. */
  const tried = new Map<string, string>();
  const make = async (key: string, signal: AbortSignal): Promise<void> => {
    const plan = source.planOf(key);
    if (plan === undefined) {
      const id = tried.get(key);
      if (id !== undefined) await balancers.remove(id);
      carriedOut.delete(key);
      tried.delete(key);
      return;
    }
    if (carriedOut.get(key) === plan && !renewed.has(key)) return;
    tried.set(key, plan.id);
    renewed.delete(key);
    try {
      await balancers.apply(plan, signal);
      carriedOut.set(key, plan);
    } catch (error) {
      renewed.add(key);
      // One that carries traffic goes on with it as before.
      if (!carriedOut.has(key) && !signal.aborted)
        reports.nodes(plan.arn, nodesDown(plan, (error as Error).message));
      throw error;
    }
  };
  const subscribe = (changed: (key: string) => void): Disposable => {
    const subscriptions = new DisposableStack();
    subscriptions.use(source.subscribe(changed));
    subscriptions.use(
      certificates.onCertificatesChanged((arn) => {
        for (const [key, { listeners }] of carriedOut) {
          if (!listeners.some(({ certificateArns }) => certificateArns.includes(arn))) continue;
          renewed.add(key);
          changed(key);
        }
      }),
    );
    return subscriptions;
  };
  return followKeys(
    { keys: () => source.keys(), subscribe },
    make,
    (key, error) =>
      log.error('A load balancer cannot be made so on this machine: it is tried again', { key, error }),
    clock,
  );
}

export function nodesDown({ nodes }: LoadBalancerPlan, why: string) {
  return nodes.map(({ interfaceId }) => ({ interfaceId, isUp: false, why }));
}
