import { newAuthority } from '../../certificates/index.ts';
import type { ClusterRecord } from '../../services/eks/index.ts';
import { createAdmission } from '../apiserver/admission/chain.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import { serve } from '../apiserver/serve.ts';
import { eksTokens } from '../authentication/eks-token.ts';
import { rbacAuthorizer } from '../authorization/rbac.ts';
import type { KubernetesContext } from '../context.ts';
import { type ClusterPlace, ObjectStore } from '../objects/object-store.ts';
import { Watches } from '../objects/watches.ts';
import { authorityPurpose, type ControlPlaneRecord, controlPlaneKey, controlPlanes } from '../records.ts';
import { openApiListener } from './api-listener.ts';
import { bootstrap } from './bootstrap.ts';

const authorityDays = 10 * 365;

/**
 * Starts the control plane of a cluster and tells by its record where it answers: from then on the cluster is ACTIVE.
 * It ends what it opened when it is disposed of; the objects stay.
 */
export async function openControlPlane(
  context: KubernetesContext,
  place: ClusterPlace,
  wanted: ClusterRecord,
): Promise<AsyncDisposable> {
  const { store, state, clock, random, log, sealer, host } = context;
  const key = controlPlaneKey(place);
  const known = state.get(controlPlanes, key);
  const authority =
    known === undefined ? await makeAuthority(context, place) : openKept(context, place, known);

  await using opened = new AsyncDisposableStack();
  const ending = new AbortController();
  const objects = new ObjectStore(store, place);
  const cluster: Cluster = {
    objects,
    watches: opened.use(new Watches(store)),
    authenticate: eksTokens(context, () => wanted),
    authorizer: rbacAuthorizer(state, place),
    admission: createAdmission({ objects }),
    version: wanted.version,
    serviceIpv4Cidr: wanted.serviceIpv4Cidr,
    ...{ clock, random, log, signal: ending.signal },
  };
  await bootstrap(cluster);
  const listener = opened.use(
    await openApiListener(
      context,
      { ...authority, serviceIpv4Cidr: wanted.serviceIpv4Cidr, port: known?.port ?? 0 },
      (request, response) =>
        void serve(cluster, request, response).catch((error: unknown) => {
          log.error('An answer of the Kubernetes API could not be written', { error });
          response.destroy();
        }),
    ),
  );
  opened.defer(() => ending.abort(new Error('The API server is stopping')));
  const { port } = listener;
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const record: ControlPlaneRecord = {
    ...{ port, endpoint: `https://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}` },
    certificateAuthority: authority.certificate,
    sealedKey: known?.sealedKey ?? sealer.seal(authority.privateKey, authorityPurpose(place.id)),
  };
  if (known !== undefined && known.port !== port) {
    log.warn('The port of a Kubernetes cluster was taken: update its kubeconfig', {
      ...{ cluster: wanted.name, endpoint: record.endpoint },
    });
  }
  await state.transact((tx) => tx.put(controlPlanes, key, record));
  return opened.move();
}

const makeAuthority = ({ random, clock }: KubernetesContext, { id }: ClusterPlace) =>
  newAuthority(random, clock.now(), { commonName: `kubernetes ${id}`, days: authorityDays });

function openKept({ sealer }: KubernetesContext, { id }: ClusterPlace, record: ControlPlaneRecord) {
  const privateKey = sealer.open(record.sealedKey, authorityPurpose(id));
  if (privateKey === undefined)
    throw new Error(
      `The key of the authority of cluster ${id} cannot be opened: it was sealed by another installation`,
    );
  return { certificate: record.certificateAuthority, privateKey };
}
