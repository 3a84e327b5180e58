import type { LoadBalancerPlan } from '../../../balancing/index.ts';
import type { Collection, RecordChange, RecordKey, State } from '../../../reconcile/index.ts';
import { readArn, type Scope } from '../arn.ts';
import {
  elbKey,
  type ListenerRecord,
  listeners,
  loadBalancers,
  scopeOfKey,
  type TargetGroupRecord,
  type TargetRecord,
  targetGroups,
  targets,
} from '../records.ts';
import { keepUnchanged } from './keep-unchanged.ts';
import { loadBalancerPlan } from './plan.ts';

/** What the machines that carry load balancers are told. Load balancers are named by their records' keys. */
export interface PlanSource {
  keys(): readonly string[];
  /**
   * Undefined: there is no such load balancer any more. A plan that has not changed is the same object as before, and so
   * is each of its parts.
   */
  planOf(key: string): LoadBalancerPlan | undefined;
  /** Told of every commit that may have changed a load balancer's plan. */
  subscribe(changed: (key: string) => void): Disposable;
}

export function planSource(state: State): PlanSource {
  const made = new Map<string, LoadBalancerPlan>();
  return {
    keys: () => [...state.list(loadBalancers)].map(({ key }) => key),
    planOf: (key) => {
      const plan = loadBalancerPlan(state, key as RecordKey);
      if (plan === undefined) {
        made.delete(key);
        return undefined;
      }
      const now = keepUnchanged(made.get(key), plan);
      made.set(key, now);
      return now;
    },
    subscribe: (changed) => onPlansChanged(state, changed),
  };
}

function onPlansChanged(state: State, changed: (key: RecordKey) => void): Disposable {
  const subscriptions = new DisposableStack();
  const tell = (scope: Scope, arn: string | undefined): void => {
    const named = arn === undefined ? undefined : readArn(scope, arn);
    if (named !== undefined) changed(elbKey(loadBalancers, scope, named.id));
  };
  const follow = <T extends object>(
    collection: Collection<T, string>,
    balancerOf: (record: T, scope: Scope) => string | undefined,
  ): void => {
    subscriptions.use(
      state.subscribe(collection, ({ key, before, after }: RecordChange<T>) => {
        const scope = scopeOfKey(key);
        const arns = [before, after].flatMap((record) => (record && balancerOf(record, scope)) ?? []);
        for (const arn of new Set(arns)) tell(scope, arn);
      }),
    );
  };
  subscriptions.use(state.subscribe(loadBalancers, ({ key }) => changed(key)));
  follow<ListenerRecord>(listeners, ({ loadBalancerArn }) => loadBalancerArn);
  follow<TargetGroupRecord>(targetGroups, ({ use }) => use?.loadBalancerArn);
  follow<TargetRecord>(targets, ({ targetGroupId }, scope) => {
    return state.get(targetGroups, elbKey(targetGroups, scope, targetGroupId))?.use?.loadBalancerArn;
  });
  return subscriptions;
}
