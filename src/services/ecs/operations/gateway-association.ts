import type {
  AssociateGatewayWithClusterCommandInput,
  AssociateGatewayWithClusterResponse,
  DisassociateGatewayFromClusterCommandInput,
  DisassociateGatewayFromClusterResponse,
  ListGatewayClusterAssociationsCommandInput,
  ListGatewayClusterAssociationsResponse,
} from '@aws-sdk/client-ecs';
import type { Call } from '../../service.ts';
import { clusterName, gatewayName, isForeign } from '../arn.ts';
import { requireCluster } from '../cluster-lookup.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { clientError, ecsRefusal, invalidParameter } from '../errors.ts';
import { requireGateway } from '../gateway/gateway-lookup.ts';
import { associationView } from '../gateway/gateway-view.ts';
import {
  associationsOfCluster,
  type GatewayAssociationRecord,
  gatewayAssociationKey,
  gatewayAssociations,
} from '../gateway/records.ts';
import { given } from '../given.ts';
import { page } from '../pagination.ts';
import { listing, statusFilter } from './gateway.ts';

const maxGateways = 5;

/** Services of the cluster may join from now on. One that is there stays; one that was ending is there again. */
export async function associateGatewayWithCluster(
  ecs: EcsContext,
  input: AssociateGatewayWithClusterCommandInput,
  call: Call,
): Promise<AssociateGatewayWithClusterResponse> {
  return transactInTurn(ecs, call, readClusterName(input), (tx) => {
    const { name: gateway } = requireGateway(tx, call, input.gateway);
    const { name: cluster } = requireCluster(tx, call, input.cluster);
    const others = associationsOfCluster(tx, call, cluster).filter((each) => each.gateway !== gateway);
    if (others.length >= maxGateways)
      throw clientError(`A cluster can be associated with at most ${maxGateways} gateways.`);
    const association: GatewayAssociationRecord = { gateway, cluster, status: 'ACTIVE' };
    tx.put(gatewayAssociations, gatewayAssociationKey(call, gateway, cluster), association);
    return associationView(call, association);
  });
}

/** It ends when the cluster has no route behind the gateway any more; until then no other service joins. */
export async function disassociateGatewayFromCluster(
  ecs: EcsContext,
  input: DisassociateGatewayFromClusterCommandInput,
  call: Call,
): Promise<DisassociateGatewayFromClusterResponse> {
  return transactInTurn(ecs, call, readClusterName(input), (tx) => {
    const { name: gateway } = requireGateway(tx, call, input.gateway);
    const { name: cluster } = requireCluster(tx, call, input.cluster);
    const key = gatewayAssociationKey(call, gateway, cluster);
    const before = tx.get(gatewayAssociations, key);
    if (before === undefined)
      throw ecsRefusal(
        'ResourceNotFoundException',
        `The gateway ${gateway} is not associated with the cluster ${cluster}.`,
      );
    const association: GatewayAssociationRecord = { ...before, status: 'DISASSOCIATING' };
    tx.put(gatewayAssociations, key, association);
    return associationView(call, association);
  });
}

/** Unlike elsewhere, saying no cluster does not mean the one called `default`. */
function readClusterName({ cluster }: { readonly cluster: string | undefined }): string {
  if (!cluster) throw invalidParameter('cluster can not be blank.');
  return clusterName(cluster);
}

export function listGatewayClusterAssociations(
  ecs: EcsContext,
  { gateway, cluster, status, maxResults, nextToken }: ListGatewayClusterAssociationsCommandInput,
  call: Call,
): ListGatewayClusterAssociationsResponse {
  const hasStatus = statusFilter(status, ['ACTIVE', 'DISASSOCIATING', 'INACTIVE']);
  const isOfGateway = nameFilter(gateway, call, gatewayName);
  const isOfCluster = nameFilter(cluster, call, clusterName);
  const found = ecs.state
    .byIndex(gatewayAssociations, 'byScope', `${call.accountId}/${call.region}`)
    .map(({ value }) => value)
    .filter((each) => hasStatus(each.status) && isOfGateway(each.gateway) && isOfCluster(each.cluster));
  const keyOf = (each: GatewayAssociationRecord): string => `${each.gateway}/${each.cluster}`;
  const sorted = found.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const { items, nextToken: next } = page(sorted, keyOf, { ...{ maxResults, nextToken, ...listing } });
  return {
    gatewayClusterAssociations: items.map((each) => associationView(call, each)),
    ...given('nextToken', next),
  };
}

/** None given lets all through; what is another account's or Region's is nobody's here. */
export function nameFilter(
  identifier: string | undefined,
  call: Call,
  nameOf: (identifier: string) => string,
): (name: string) => boolean {
  if (!identifier) return () => true;
  const wanted = isForeign(identifier, call) ? undefined : nameOf(identifier);
  return (name) => name === wanted;
}
