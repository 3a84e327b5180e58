import type { Socket } from 'node:net';
import { nodeDnsName, vpcFacts } from '../../services/ec2/index.ts';
import {
  type ClusterRecord,
  callerOf,
  clusterKey,
  clusters,
  fargateProfilesOf,
  identityProviderOf,
  podIdentityOf,
  profileFor,
} from '../../services/eks/index.ts';
import { RemoteApis } from '../aggregation/remote-apis.ts';
import { createAdmission } from '../apiserver/admission/chain.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import { KubeletClient } from '../apiserver/reach/kubelet-client.ts';
import { OpenStreams } from '../apiserver/reach/open-streams.ts';
import { isStream } from '../apiserver/reach/reach.ts';
import { serve } from '../apiserver/serve.ts';
import { firstAddress } from '../apiserver/service-ranges.ts';
import { ControlPlaneLogs } from '../audit/control-plane-logs.ts';
import { awsAuthOf } from '../authentication/aws-auth.ts';
import { bearerTokens } from '../authentication/bearer-token.ts';
import { clientCertificates } from '../authentication/client-certificate.ts';
import { eksTokens } from '../authentication/eks-token.ts';
import { eksUser } from '../authentication/eks-user.ts';
import { oidcTokens } from '../authentication/oidc-token.ts';
import { serviceAccountTokens } from '../authentication/service-accounts/authenticate.ts';
import type { TokenIssuer } from '../authentication/service-accounts/token-issuer.ts';
import { openTokenKey } from '../authentication/service-accounts/token-key.ts';
import { withAccessPolicies } from '../authorization/access-policies.ts';
import { withNodes } from '../authorization/nodes.ts';
import { rbacAuthorizer } from '../authorization/rbac.ts';
import type { KubernetesContext } from '../context.ts';
import { ClusterCatalogue } from '../custom-resources/cluster-catalogue.ts';
import { WebhookConverter } from '../custom-resources/conversion/converter.ts';
import { FlowControl } from '../flow-control/flow-control.ts';
import { newPodGates } from '../load-balancing/index.ts';
import { UsageCollector } from '../metrics/usage-collector.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { ObjectStore } from '../objects/object-store.ts';
import { ObjectsInMemory } from '../objects/objects-in-memory.ts';
import { Watches } from '../objects/watches.ts';
import { securityGroupsOf } from '../pod-interfaces/policies.ts';
import {
  authorityPurpose,
  type ControlPlaneRecord,
  controlPlaneKey,
  controlPlanes,
  frontProxyPurpose,
  tokenKeyPurpose,
} from '../records.ts';
import { dialsOf } from '../webhooks/dial.ts';
import { resolveService } from '../webhooks/service-address.ts';
import { WebhookClient } from '../webhooks/webhook-client.ts';
import { openApiListener } from './api-listener.ts';
import { bootstrap } from './bootstrap.ts';
import { extensionAuthentication, frontProxyIdentity } from './front-proxy.ts';
import { makeAuthority, openAuthorityOf, openFrontProxyOf, openTokenKeyOf } from './keys.ts';
import type { KeysAhead } from './keys-ahead.ts';
import { makeDriver, makeStorageClasses } from './local-storage.ts';
import { reaches } from './public-access.ts';

/** A control plane that runs; it ends what it opened when it is disposed of, and the objects stay. */
export interface OpenControlPlane extends AsyncDisposable {
  readonly cluster: Cluster;
  /** Serves a connection that came by the control plane's interfaces in the VPC. */
  accept(socket: Socket): void;
}

/**
 * Starts the control plane of a cluster and tells by its record where it answers: from then on the cluster is ACTIVE.
 */
export async function openControlPlane(
  context: KubernetesContext,
  place: ClusterPlace,
  wanted: ClusterRecord,
  ahead: KeysAhead,
): Promise<OpenControlPlane> {
  const { store, state, clock, random, log, sealer, host } = context;
  const key = controlPlaneKey(place);
  const known = state.get(controlPlanes, key);
  const [authority, tokenKeyText, frontProxy] = await Promise.all([
    known === undefined ? makeAuthority(context, place) : openAuthorityOf(context, place, known),
    known?.tokens === undefined ? ahead.takeTokenKey() : openTokenKeyOf(context, place, known.tokens),
    known?.frontProxy === undefined
      ? ahead.takeFrontProxy()
      : openFrontProxyOf(context, place, known.frontProxy),
  ]);

  /** Much of a cluster changes while its API server runs. */
  const current = (): ClusterRecord => state.get(clusters, clusterKey(place, wanted.name)) ?? wanted;

  await using opened = new AsyncDisposableStack();
  const ending = new AbortController();
  const inMemory = new ObjectsInMemory(state, place);
  const dials = dialsOf({
    connectIn: (address, signal) => context.connectIn(place, address, signal),
    isInVpc: (ipv4) => vpcFacts(state, place, wanted.vpcId)?.holds(ipv4) === true,
    ...{ clock, signal: ending.signal },
  });
  const webhookClient = opened.use(new WebhookClient({ objects: inMemory, clock, random, dials }));
  const converter = new WebhookConverter({ webhookClient, random, signal: ending.signal });
  const objects = new ObjectStore(store, place, converter);
  const tokenKey = openTokenKey(tokenKeyText);
  // Nobody knows the port before the record is there, which says the issuer as well.
  const tokenIssuer = (): TokenIssuer => ({
    url: state.get(controlPlanes, key)?.tokens?.issuer ?? '',
    key: tokenKey,
  });
  const logs = opened.use(
    new ControlPlaneLogs(context, place, wanted.name, (type) => current().logTypes?.includes(type) === true),
  );
  const awsAuth = awsAuthOf(state, place);
  const authorizer = withNodes(withAccessPolicies(rbacAuthorizer(state, place)), state, place);
  const catalogue = opened.use(new ClusterCatalogue(state, place));
  const kubelets = new KubeletClient(authority, clock, random);
  const usage = new UsageCollector({ objects: inMemory, kubelets, clock, log });
  const cluster: Cluster = {
    get catalogue() {
      return catalogue.current;
    },
    onCatalogueChange: (listener) => catalogue.onChange(listener),
    ...{ objects, inMemory },
    remoteApis: opened.use(
      new RemoteApis({
        ...{ objects: inMemory, random, dial: dials.service },
        identity: () => frontProxyIdentity(context, frontProxy),
      }),
    ),
    watches: opened.use(new Watches(store)),
    authenticate: bearerTokens([
      serviceAccountTokens({ objects, clock, issuer: tokenIssuer }),
      oidcTokens({
        ...{ clock, issuerKeys: context.issuerKeys },
        provider: () => identityProviderOf(state, place, wanted.name),
      }),
      eksTokens(context, wanted.name, async (principal) => {
        const now = current();
        const user = await eksUser(principal, {
          ...{ cluster: now, ...callerOf(state, place, now, principal) },
          awsAuth,
          nodeDnsName: (instanceId) => nodeDnsName(state, place, instanceId),
        });
        logs.authenticated(principal, user);
        return user;
      }),
    ]),
    authenticateCertificate: clientCertificates(authority.certificate, clock),
    tokenIssuer,
    authorizer,
    flows: new FlowControl(inMemory, clock),
    ...{ kubelets, usage },
    streams: new OpenStreams(),
    endpoints: { dial: dials.service, resolve: (service) => resolveService(inMemory, random, service) },
    admission: createAdmission({
      ...{ objects, authorizer, inMemory, clock, random, log, signal: ending.signal },
      catalogue: () => catalogue.current,
      webhookClient,
      identities: {
        region: place.region,
        hasAssociation: (of) => podIdentityOf(state, place, wanted.name, of) !== undefined,
      },
      securityGroupsOf: (pod) => securityGroupsOf(state, place, pod),
      fargateProfileOf: (pod) => profileFor(fargateProfilesOf(state, place, wanted.name), pod)?.name,
      gatesOf: (pod) => newPodGates(state, { place, clusterName: wanted.name }, pod),
    }),
    logs,
    version: wanted.version,
    serviceIpv4Cidr: wanted.serviceIpv4Cidr,
    ...{ clock, random, log: logs.through(log), signal: ending.signal },
  };
  await bootstrap(cluster, extensionAuthentication(authority.certificate, frontProxy));
  await makeDriver(cluster);
  if (!known?.hasStorageClasses) await makeStorageClasses(cluster);
  const listener = opened.use(
    await openApiListener(
      context,
      {
        ...authority,
        addresses: [
          firstAddress(wanted.serviceIpv4Cidr),
          ...(current().networkInterfaces ?? []).map(({ privateIpv4 }) => privateIpv4),
        ],
        mayUpgrade: (url) => isStream(url) || cluster.remoteApis.find(url.split('?')[0] ?? '') !== undefined,
        port: known?.port ?? 0,
      },
      (request, response, { isInVpc, upgrade }) => {
        if (!isInVpc && !reaches(request, current().publicAccessCidrs)) return request.socket.destroy();
        return serve(cluster, request, response, upgrade).catch((error: unknown) => {
          log.error('An answer of the Kubernetes API could not be written', { error });
          response.destroy();
        });
      },
    ),
  );
  const looking = usage.run(ending.signal);
  opened.defer(() => looking);
  opened.defer(() => ending.abort(new Error('The API server is stopping')));
  const { port } = listener;
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const endpoint = `https://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
  const record: ControlPlaneRecord = {
    ...{ port, endpoint, version: wanted.version, hasStorageClasses: true },
    tokens: known?.tokens ?? {
      issuer: `${endpoint}/id/${place.id}`,
      sealedKey: sealer.seal(tokenKeyText, tokenKeyPurpose(place.id)),
    },
    certificateAuthority: authority.certificate,
    frontProxy: known?.frontProxy ?? {
      certificateAuthority: frontProxy.certificate,
      sealedKey: sealer.seal(frontProxy.privateKey, frontProxyPurpose(place.id)),
    },
    sealedKey: known?.sealedKey ?? sealer.seal(authority.privateKey, authorityPurpose(place.id)),
  };
  if (known !== undefined && known.port !== port) {
    log.warn('The port of a Kubernetes cluster was taken: update its kubeconfig', {
      ...{ cluster: wanted.name, endpoint: record.endpoint },
    });
  }
  await state.transact((tx) => tx.put(controlPlanes, key, record));
  const moved = opened.move();
  return {
    cluster,
    accept: (socket) => listener.accept(socket),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}
