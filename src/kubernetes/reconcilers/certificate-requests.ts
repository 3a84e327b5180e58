import { done, type Reconciler, type RecordKey, watching } from '../../reconcile/index.ts';
import type { KubernetesContext } from '../context.ts';
import { objectRecords, placeOfObject, recordsPrefix } from '../objects/object-records.ts';
import { type ControlPlaneRecord, controlPlanes } from '../records.ts';

const requestRecords = objectRecords('certificatesigningrequests.certificates.k8s.io');

/** Approves what kubelets ask for, signs what is approved for the cluster's own signers, and takes old requests away. */
export function certificateRequests(context: KubernetesContext): Reconciler {
  const { state } = context;
  return {
    name: 'kubernetes-certificate-requests',
    watches: [
      watching(requestRecords, ({ key, after }) => (after === undefined ? [] : [key])),
      // From then on there is who signs.
      watching<ControlPlaneRecord>(controlPlanes, ({ key, before }) =>
        before === undefined
          ? [...state.list(requestRecords, recordsPrefix(requestRecords.noun, placeOfObject(key)))].map(
              (it) => it.key,
            )
          : [],
      ),
    ],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      const found = state.get(requestRecords, key);
      if (found === undefined) return done;
      const { takeStep } = await import('../clusters/certificate-requests.ts');
      return takeStep(context, placeOfObject(key), found.metadata.name);
    },
  };
}
