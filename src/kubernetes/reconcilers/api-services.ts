import { again, done, type Reconciler, type RecordKey, watching } from '../../reconcile/index.ts';
import { clusters, scopeOfKey } from '../../services/eks/index.ts';
import { jsonEqual } from '../../store/index.ts';
import type { KubernetesContext } from '../context.ts';
import { catalogueOf } from '../custom-resources/cluster-catalogue.ts';
import { definitionRecords } from '../custom-resources/definition.ts';
import { type KubernetesObject, memberOf, textOf } from '../objects/object.ts';
import { objectRecords, placeOfObject, recordsPrefix } from '../objects/object-records.ts';
import { type ControlPlaneRecord, controlPlaneKey, controlPlanes, placeOfControlPlane } from '../records.ts';
import type { ControlPlanes } from './cluster-control-plane.ts';

const records = objectRecords('apiservices.apiregistration.k8s.io');
const lookAgainMs = 30_000;
const soonMs = 250;

/** Keeps an APIService for each group and version that a cluster answers itself. Its work is a cluster's. */
export function localApiServices(context: KubernetesContext): Reconciler {
  const { state, store, random, clock } = context;
  const clusterOf = ({ key }: { readonly key: string }) => [controlPlaneKey(placeOfObject(key))];
  return {
    name: 'kubernetes-local-api-services',
    watches: [
      watching<ControlPlaneRecord>(controlPlanes, ({ key }) => [key]),
      watching(definitionRecords, clusterOf),
      watching(clusters, ({ key, after }) =>
        after === undefined ? [] : [controlPlaneKey({ ...scopeOfKey(key), id: after.id })],
      ),
      watching(records, clusterOf),
    ],
    reconcile: async (workKey) => {
      const place = placeOfControlPlane(workKey);
      if (state.get(controlPlanes, workKey as RecordKey) === undefined) return done;
      const { syncLocal } = await import('../aggregation/local-api-services.ts');
      const isDone = await syncLocal({ store, random, now: clock.now() }, place, catalogueOf(state, place));
      return isDone ? done : again(soonMs);
    },
  };
}

/** Looks whether the APIs that other servers answer are available, whenever something about them changes and every 30 seconds. */
export function apiServiceAvailability(context: KubernetesContext, running: ControlPlanes): Reconciler {
  const { state } = context;
  /** The APIServices of a service. */
  const about = (key: string, namespace: string, service: string): readonly string[] =>
    [...state.list(records, recordsPrefix(records.noun, placeOfObject(key)))]
      .filter(({ value }) => {
        const reference = memberOf(memberOf(value, 'spec'), 'service');
        return textOf(reference, 'namespace') === namespace && textOf(reference, 'name') === service;
      })
      .map((it) => it.key);
  const ofMetadata = ({ key, before, after }: Changed, nameOf: (object: KubernetesObject) => string) => {
    const object = after ?? before;
    return object === undefined ? [] : about(key, object.metadata.namespace ?? '', nameOf(object));
  };
  return {
    name: 'kubernetes-api-service-availability',
    watches: [
      watching(records, ({ key, before, after }) =>
        // What this writes is no reason to look again.
        after !== undefined && !(before && jsonEqual(memberOf(after, 'spec'), memberOf(before, 'spec')))
          ? [key]
          : [],
      ),
      ...['services', 'endpoints'].map((noun) =>
        watching(objectRecords(noun), (change) => ofMetadata(change, ({ metadata }) => metadata.name)),
      ),
      watching(objectRecords('endpointslices.discovery.k8s.io'), (change) =>
        ofMetadata(change, ({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] ?? ''),
      ),
    ],
    reconcile: async (workKey, signal) => {
      const found = state.get(records, workKey as RecordKey);
      if (found === undefined || memberOf(found, 'spec').service === undefined) return done;
      const cluster = running.clusterOf(placeOfObject(workKey));
      if (cluster === undefined) return again(soonMs);
      const { checkAvailability } = await import('../aggregation/availability.ts');
      const isRemote = await checkAvailability(cluster, found.metadata.name, signal);
      return isRemote ? again(lookAgainMs) : done;
    },
  };
}

interface Changed {
  readonly key: string;
  readonly before: KubernetesObject | undefined;
  readonly after: KubernetesObject | undefined;
}
