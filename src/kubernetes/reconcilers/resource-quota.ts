import {
  again,
  done,
  type Reconciler,
  type RecordChange,
  type RecordKey,
  watching,
} from '../../reconcile/index.ts';
import { type Json, jsonEqual } from '../../store/index.ts';
import type { KubernetesContext } from '../context.ts';
import type { KubernetesObject } from '../objects/object.ts';
import { objectRecords, placeOfObject, recordsPrefix } from '../objects/object-records.ts';
import { isTerminal } from '../quota/usage.ts';
import { builtInCatalogue, qualifiedName, storedResources } from '../schema/catalogue.ts';
import type { ControlPlanes } from './cluster-control-plane.ts';

const quotaRecords = objectRecords('resourcequotas');
/** Of what no event tells of: custom resources that went. */
const resyncMs = 5 * 60_000;
const soonMs = 50;

/** Counts anew what quotas limit, when one is made or changed, and when something of its namespace goes or ends. */
export function resourceQuotas(context: KubernetesContext, running: ControlPlanes): Reconciler {
  const whenReleased = ({ key, before, after }: RecordChange<KubernetesObject>): readonly string[] =>
    after === undefined || isTerminal(after) !== isTerminal(before) ? quotaKeysBeside(context, key) : [];
  return {
    name: 'kubernetes-resource-quota',
    watches: [
      watching(quotaRecords, ({ key, before, after }) =>
        after === undefined || (before !== undefined && jsonEqual(before.spec as Json, after.spec as Json))
          ? []
          : [key],
      ),
      ...storedResources(builtInCatalogue)
        .filter(({ isNamespaced, name }) => isNamespaced && name !== 'events')
        .map((resource) => watching(objectRecords(qualifiedName(resource)), whenReleased)),
    ],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      if (context.state.get(quotaRecords, key) === undefined) return done;
      const cluster = running.clusterOf(placeOfObject(key));
      if (cluster === undefined) return again(1_000);
      const [namespace = '', name = ''] = key.split('/').slice(-2).map(decodeURIComponent);
      const { recount } = await import('../quota/recount.ts');
      return again((await recount(cluster, namespace, name)) ? resyncMs : soonMs);
    },
  };
}

/** The quotas of the namespace that an object is in. */
function quotaKeysBeside({ state }: KubernetesContext, key: string): readonly string[] {
  const namespace = decodeURIComponent(key.split('/').at(-2) ?? '');
  const prefix = recordsPrefix(quotaRecords.noun, placeOfObject(key), namespace);
  return [...state.list(quotaRecords, prefix)].map((record) => record.key);
}
