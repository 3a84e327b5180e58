import { done, type Reconciler, type RecordKey, watching } from '../../reconcile/index.ts';
import { jsonEqual } from '../../store/index.ts';
import type { KubernetesContext } from '../context.ts';
import { listOf } from '../objects/object.ts';
import { objectRecords, placeOfObject, recordsPrefix } from '../objects/object-records.ts';

const roleRecords = objectRecords('clusterroles.rbac.authorization.k8s.io');

/** Keeps the rules of ClusterRoles that are made of others (`aggregationRule`) as those others are. */
export function clusterRoleAggregation(context: KubernetesContext): Reconciler {
  const { state } = context;
  const rolesOf = (key: string) => [
    ...state.list(roleRecords, recordsPrefix(roleRecords.noun, placeOfObject(key))),
  ];
  return {
    name: 'kubernetes-cluster-role-aggregation',
    watches: [
      watching(roleRecords, ({ key, before, after }) => {
        const isSame =
          before !== undefined &&
          after !== undefined &&
          jsonEqual(listOf(before, 'rules'), listOf(after, 'rules')) &&
          jsonEqual(before.metadata.labels ?? {}, after.metadata.labels ?? {});
        const others = isSame ? [] : rolesOf(key).filter(({ value }) => value.aggregationRule !== undefined);
        return [...others.map((it) => it.key), ...(after?.aggregationRule === undefined ? [] : [key])];
      }),
    ],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      if (state.get(roleRecords, key)?.aggregationRule === undefined) return done;
      const { aggregateRole } = await import('../clusters/aggregate-role.ts');
      await aggregateRole(context, placeOfObject(key), decodeURIComponent(key.split('/').at(-1) ?? ''));
      return done;
    },
  };
}
