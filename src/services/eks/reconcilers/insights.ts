import { uuid } from '../../../clock/index.ts';
import { again, done, type Reconciler, type RecordKey, watching } from '../../../reconcile/index.ts';
import { clusterStatus } from '../clusters/cluster-status.ts';
import type { EksContext } from '../context.ts';
import { lookInto } from '../insights/look-into.ts';
import { type InsightsRecord, insights, insightsKey } from '../insights/record.ts';
import { clusterKey, clusters, scopeOfKey } from '../records.ts';

/** As often as EKS does it unasked. */
const everyMs = 24 * 60 * 60 * 1_000;
const notActiveMs = 1_000;

/** Looks into clusters: when they have become ACTIVE, when somebody asks for it, when their version changes, and once a day. */
export function clusterInsights(context: EksContext): Reconciler {
  const { state, clock, random } = context;
  return {
    name: 'eks-insights',
    watches: [
      watching(clusters, ({ key }) => [key]),
      watching(insights, ({ key, after }) =>
        after !== undefined && after.endedAt === undefined
          ? [clusterKey(scopeOfKey(key), after.clusterName)]
          : [],
      ),
    ],
    reconcile: (workKey) =>
      state.transact((tx) => {
        const key = workKey as RecordKey;
        const scope = scopeOfKey(key);
        const cluster = tx.get(clusters, key);
        if (cluster === undefined || cluster.isDeleting) return done;
        if (clusterStatus(context, tx, scope, cluster) !== 'ACTIVE') return again(notActiveMs);
        const now = clock.now();
        const own = insightsKey(scope, cluster.name);
        const before = tx.get(insights, own);
        const due = dueAt(before, cluster.version);
        if (due > now) return again(due - now);
        const startedAt = before?.endedAt === undefined ? (before?.startedAt ?? now) : now;
        tx.put(insights, own, {
          ...{ clusterName: cluster.name, clusterVersion: cluster.version, startedAt, endedAt: now },
          insights: lookInto(context, tx, scope, cluster).map((found) => {
            const known = before?.insights.find(
              ({ name, category, version }) =>
                name === found.name && category === found.category && version === found.version,
            );
            const isSame = known?.status === found.status;
            return { ...found, id: known?.id ?? uuid(random), since: isSame ? known.since : now };
          }),
        });
        return again(everyMs);
      }),
  };
}

/** When a cluster is to be looked into. */
function dueAt(before: InsightsRecord | undefined, version: string): number {
  if (before?.endedAt === undefined || before.clusterVersion !== version) return 0;
  return before.endedAt + everyMs;
}
