import {
  again,
  done,
  type Outcome,
  type Reconciler,
  type RecordKey,
  recordKey,
  watching,
} from '../../../reconcile/index.ts';
import type { Store } from '../../../store/index.ts';
import { timestamp } from '../../objects/object.ts';
import { leases, nodeLeases, nodes, parsedKey } from '../collections.ts';
import type { Node } from '../node-fit.ts';
import { readyCondition } from '../node-lifecycle/objects.ts';

const heartbeatMs = 10_000;

/** Speaks for the nodes of all clusters as their kubelets would: each says that it is ready, and that it lives. */
export function fakeNodes(
  { store, now }: { readonly store: Store; readonly now: () => number },
  isSilent: (name: string) => boolean,
): Reconciler {
  return {
    name: 'fake-nodes',
    watches: [watching<Node>(nodes, ({ key, after }) => (after === undefined ? [] : [key]))],
    reconcile: async (workKey): Promise<Outcome> => {
      const key = workKey as RecordKey;
      const entry = await store.get(key);
      if (entry === undefined) return done;
      const node = entry.value as unknown as Node;
      const { name } = node.metadata;
      if (isSilent(name)) return again(heartbeatMs);
      const at = timestamp(now());
      if (readyCondition(node)?.status !== 'True') {
        const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: at };
        const value = { ...node, status: { ...node.status, conditions: [ready] } };
        await store.commit(
          [{ key, revision: entry.revision }],
          [{ type: 'put', key, value: value as never }],
        );
      }
      const { accountId, region, id } = parsedKey(key).place;
      const lease = recordKey(leases, accountId, region, id, nodeLeases, name);
      const metadata = { name, namespace: nodeLeases, uid: `lease-${name}`, creationTimestamp: at };
      const value = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata,
        spec: { renewTime: at },
      };
      await store.commit([], [{ type: 'put', key: lease, value }]);
      return again(heartbeatMs);
    },
  };
}
