/**
 * Kubernetes: the control planes of EKS clusters, many in one process. The one idea to know: there is no kind in the code
 * where a table will do. `schema/` says which resources and messages there are, `kinds/` where one has something of its
 * own, `apiserver/` does the same with all of them, over the store's revisions.
 *
 * Nothing of it is loaded before there is a cluster, or a sign that there will be one.
 */
import type { Socket } from 'node:net';
import type { Reader, Reconciler } from '../reconcile/index.ts';
import { type ControlPlane, clusters } from '../services/eks/index.ts';
import type { PodOfToken, RefusedToken } from './authentication/pod-of-token.ts';
import { KeysAhead } from './clusters/keys-ahead.ts';
import type { KubernetesContext } from './context.ts';
import { workloadControllers } from './controllers/index.ts';
import { fargateProfileFollower, fargateScheduler } from './fargate/index.ts';
import { loadBalancerControllers } from './load-balancing/index.ts';
import { localVolumeControllers } from './local-volumes/index.ts';
import { nodeInstanceFollower } from './nodes/node-instances.ts';
import { nodeRoles } from './nodes/node-roles.ts';
import type { ClusterPlace } from './objects/object-records.ts';
import { podInterfaceControllers } from './pod-interfaces/index.ts';
import { apiServiceAvailability, localApiServices } from './reconcilers/api-services.ts';
import { certificateRequests } from './reconcilers/certificate-requests.ts';
import { ControlPlanes, clusterControlPlane } from './reconcilers/cluster-control-plane.ts';
import { clusterRoleAggregation } from './reconcilers/cluster-role-aggregation.ts';
import { customResourceDefinitions } from './reconcilers/custom-resource-definitions.ts';
import { expiredEvents } from './reconcilers/expired-events.ts';
import { flowControl } from './reconcilers/flow-control.ts';
import { leaderLeases } from './reconcilers/leader-leases.ts';
import { namespaceLifecycle } from './reconcilers/namespace-lifecycle.ts';
import { resourceQuotas } from './reconcilers/resource-quota.ts';
import { tokenSecrets } from './reconcilers/token-secrets.ts';
import { controlPlaneKey, controlPlanes } from './records.ts';
import { podScheduler } from './scheduler/index.ts';
import { ClusterDataKeys } from './sealing/cluster-data-keys.ts';
import { secretSealing } from './sealing/seal-secrets.ts';
import { sealingStore } from './sealing/sealing-store.ts';

export { noteApiEndpoint } from './clusters/api-endpoint.ts';
export type { ClusterPlace } from './objects/object-records.ts';

/** What runs the clusters; disposing of it ends their API servers and leaves everything they keep. */
export interface Kubernetes extends AsyncDisposable {
  readonly reconcilers: readonly Reconciler[];
  /** Loads and makes what the first cluster would else have to wait for. */
  prepare(): Promise<unknown>;
  /** Whether the API server of each cluster that is to be here answers. */
  isServing(): boolean;
  /** See `podOfToken`. Undefined: the cluster's control plane does not run here. */
  podOfToken(
    cluster: ClusterPlace,
    token: string,
    audience: string,
  ): Promise<PodOfToken | RefusedToken | undefined>;
  /** Has a cluster's API server answer a connection that came by its interfaces; it is closed where that does not run here. */
  accept(cluster: ClusterPlace, socket: Socket): void;
}

export function createKubernetes(given: KubernetesContext): Kubernetes {
  const running = new ControlPlanes();
  const keys = new ClusterDataKeys(given);
  const ahead = new KeysAhead(given);
  const context = { ...given, store: sealingStore(given.store, keys, given.random) };
  return {
    reconcilers: [
      clusterControlPlane(context, running, { keys, kept: given.store }, ahead),
      secretSealing({ state: context.state, store: context.store, keys }),
      namespaceLifecycle(context, running),
      resourceQuotas(context, running),
      tokenSecrets(context),
      certificateRequests(context),
      expiredEvents(context),
      clusterRoleAggregation(context),
      customResourceDefinitions(context, running),
      flowControl(context, running),
      leaderLeases(context, running),
      localApiServices(context),
      apiServiceAvailability(context, running),
      nodeInstanceFollower(context, running),
      nodeRoles(context, running),
      ...workloadControllers(context, running),
      ...localVolumeControllers(context, running),
      podScheduler(context, running),
      fargateScheduler(context, running),
      fargateProfileFollower(context, running),
      ...podInterfaceControllers(context, running),
      ...loadBalancerControllers(context, running),
    ],
    prepare: () => Promise.all([import('./clusters/control-plane.ts'), ahead.prepare()]),
    isServing: () =>
      [...given.state.list(clusters)].every(
        ({ key, value }) => value.isDeleting || running.get(key) !== undefined,
      ),
    podOfToken: async (place, token, audience) => {
      const cluster = running.clusterOf(place);
      if (cluster === undefined) return undefined;
      const { podOfToken } = await import('./authentication/pod-of-token.ts');
      return podOfToken(cluster, token, audience);
    },
    accept: (place, socket) => {
      const found = running.ofCluster(place);
      if (found === undefined) socket.destroy();
      else found.accept(socket);
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

export { endMachineVolumes } from './local-volumes/end-machine-volumes.ts';
export { localDriver, machineLabel } from './local-volumes/names.ts';
export {
  type LocalVolumeReport,
  localVolumeId,
  localVolumeName,
  localVolumeReportKey,
  localVolumeReports,
  localVolumes,
} from './local-volumes/records.ts';

/** What the control plane of a cluster tells of itself; undefined: it has not answered yet. */
export function controlPlaneOf(
  reader: Reader,
  scope: { readonly accountId: string; readonly region: string },
  id: string,
): ControlPlane | undefined {
  const found = reader.get(controlPlanes, controlPlaneKey({ ...scope, id }));
  if (found === undefined) return undefined;
  const { endpoint, certificateAuthority, tokens, version } = found;
  return {
    ...{ endpoint, certificateAuthority, ...(tokens && { issuer: tokens.issuer }) },
    ...(version !== undefined && { version }),
  };
}
