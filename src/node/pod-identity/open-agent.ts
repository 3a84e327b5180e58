import type { Clock } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { NodeNetwork } from '../../network/index.ts';
import { assumeRoleForPodIdentity, type EksAuthApiOptions } from './eks-auth-api.ts';
import { PodIdentityAgent } from './pod-identity-agent.ts';

/** Where SDKs in pods find the agent, as their environment says. */
export const podIdentityAddress = '169.254.170.23';
const port = 80;

export interface PodIdentityPlace extends EksAuthApiOptions {
  /** Of a node that has the address. */
  readonly network: Pick<NodeNetwork, 'openSocket'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The EKS Pod Identity Agent of a node, in the node's own network, until it is disposed of. */
export async function openPodIdentityAgent({
  network,
  log,
  ...eksAuth
}: PodIdentityPlace): Promise<AsyncDisposable> {
  const agent = new PodIdentityAgent({
    ...{ addresses: [podIdentityAddress], clock: eksAuth.clock, log },
    exchange: (token, signal) => assumeRoleForPodIdentity(eksAuth, token, signal),
  });
  await agent.listen({ fd: network.openSocket({ type: 'tcp', address: podIdentityAddress, port }) });
  return agent;
}
