import { again, done, type Reconciler, type RecordKey, watching } from '../../reconcile/index.ts';
import type { KubernetesContext } from '../context.ts';
import { objectRecords, placeOfObject } from '../objects/object-records.ts';
import { type ControlPlaneRecord, controlPlaneKey, controlPlanes, placeOfControlPlane } from '../records.ts';
import type { ControlPlanes } from './cluster-control-plane.ts';

const soonMs = 250;

/** Keeps the FlowSchemas and PriorityLevelConfigurations that every cluster has, and says which schemas lead nowhere. A turn is a cluster's. */
export function flowControl({ state }: KubernetesContext, running: ControlPlanes): Reconciler {
  const clusterOf = ({ key }: { readonly key: string }) => [controlPlaneKey(placeOfObject(key))];
  return {
    name: 'kubernetes-flow-control',
    watches: [
      watching<ControlPlaneRecord>(controlPlanes, ({ key }) => [key]),
      ...['flowschemas', 'prioritylevelconfigurations'].map((name) =>
        watching(objectRecords(`${name}.flowcontrol.apiserver.k8s.io`), clusterOf),
      ),
    ],
    reconcile: async (workKey) => {
      if (state.get(controlPlanes, workKey as RecordKey) === undefined) return done;
      const cluster = running.clusterOf(placeOfControlPlane(workKey));
      if (cluster === undefined) return again(soonMs);
      const { syncFlows } = await import('../flow-control/sync-flows.ts');
      return (await syncFlows(cluster)) ? done : again(soonMs);
    },
  };
}
