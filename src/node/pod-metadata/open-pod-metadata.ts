import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { NodeNetwork } from '../../network/index.ts';
import type { AgentCredentials } from '../agent-credentials.ts';
import { ApiClient } from '../kubelet/api/api-client.ts';
import { PodEvents } from '../kubelet/events/pod-events.ts';
import type { ApiAccess } from '../kubelet/kubelet-options.ts';
import { assumeRoleBy } from './assume-role.ts';
import { PodMetadataServer } from './pod-metadata-server.ts';
import { PodRoles } from './pod-roles.ts';

/** Where SDKs look for an instance's role. */
export const metadataAddress = '169.254.169.254';
const port = 80;

export interface PodMetadataPlace {
  readonly nodeName: string;
  /** ARN, of the role as which the roles of pods are assumed. */
  readonly nodeRole: string;
  readonly api: ApiAccess;
  /** Of a node that has the address. */
  readonly network: Pick<NodeNetwork, 'openSocket'>;
  /** Of the AWS API. */
  readonly endpoint: string;
  readonly region: string;
  /** Of the node's role. */
  credentials(): Promise<AgentCredentials>;
  podAt(address: string): string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The metadata address of a node's pods, in the node's own network, until it is disposed of. */
export async function openPodMetadata(place: PodMetadataPlace): Promise<AsyncDisposable> {
  const { nodeName, nodeRole, network, endpoint, region, credentials, podAt, clock, random, log } = place;
  await using opened = new AsyncDisposableStack();
  const api = opened.use(new ApiClient(place.api, { clock, random }));
  const { STS } = await import('@aws-sdk/client-sts');
  const sts = opened.adopt(new STS({ endpoint, region, credentials, maxAttempts: 1 }), (it) => it.destroy());
  const events = new PodEvents({ ...{ api, nodeName, clock, random, log }, component: 'kiam.server' });
  const closing = new AbortController();
  const telling = events.run(closing.signal);
  opened.defer(async () => {
    closing.abort(new Error('The pods’ metadata are not answered any more'));
    await telling;
  });
  const roles = new PodRoles({
    ...{ nodeName, api, events, podAt, clock },
    baseArn: nodeRole.slice(0, nodeRole.indexOf('/') + 1),
    assumeRole: assumeRoleBy(sts, clock),
  });
  const server = opened.use(new PodMetadataServer({ roles, clock, random, log }));
  await server.listen({ fd: network.openSocket({ type: 'tcp', address: metadataAddress, port }) });
  const parts = opened.move();
  return { [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
