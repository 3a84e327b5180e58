import { pods, replicaSets, replicationControllers } from '../collections.ts';
import { type Controller, watchingOwned } from '../controller.ts';
import { selects, selectsAll } from '../label-selector.ts';
import type { ReplicaSet, ReplicationController } from '../objects.ts';

/** As many pods as a ReplicaSet says. */
export const replicaSetController: Controller<ReplicaSet> = {
  account: 'replicaset-controller',
  component: 'replicaset-controller',
  collection: replicaSets,
  watches: (state) => [
    watchingOwned(state, pods, {
      ...{ collection: replicaSets, kind: 'ReplicaSet' },
      selects: ({ spec }) => selects(spec.selector),
    }),
  ],
  load: async () => (await import('./sync.ts')).syncReplicaSet,
};

/** The same for ReplicationControllers. */
export const replicationController: Controller<ReplicationController> = {
  account: 'replication-controller',
  component: 'replication-controller',
  collection: replicationControllers,
  watches: (state) => [
    watchingOwned(state, pods, {
      ...{ collection: replicationControllers, kind: 'ReplicationController' },
      selects: ({ spec }) => selectsAll(spec.selector),
    }),
  ],
  load: async () => (await import('./sync.ts')).syncReplicationController,
};
