import { done, type Outcome, type Reconciler, type RecordKey, watching } from '../../../reconcile/index.ts';
import { type Scope, scopeOfKey } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import {
  associationsOfGateway,
  type GatewayAssociationRecord,
  gatewayAssociationKey,
  gatewayAssociations,
  gatewayKey,
  gateways,
  routesOfGateway,
} from '../gateway/records.ts';

/** Makes of gateways what requests have said of them. A key of work is a gateway's. */
export function gatewayInfrastructure(ecs: EcsContext): Reconciler {
  return {
    name: 'gateway-infrastructure',
    watches: [
      watching(gateways, ({ key }) => [key]),
      watching<GatewayAssociationRecord>(gatewayAssociations, ({ key, after }) =>
        after === undefined ? [] : [gatewayKey(scopeOfKey(key), after.gateway)],
      ),
    ],
    reconcile: async (key): Promise<Outcome> => {
      const gateway = ecs.state.get(gateways, key as RecordKey);
      if (gateway === undefined) return done;
      const scope = scopeOfKey(key);
      if (gateway.status === 'UPDATE_IN_PROGRESS') await endUpdate(ecs, key as RecordKey);
      await endAssociations(ecs, scope, gateway.name);
      return done;
    },
  };
}

function endUpdate(ecs: EcsContext, key: RecordKey): Promise<void> {
  return ecs.state.transact((tx) => {
    const gateway = tx.get(gateways, key);
    if (gateway?.status === 'UPDATE_IN_PROGRESS')
      tx.put(gateways, key, { ...gateway, status: 'UPDATE_COMPLETE' });
  });
}

/** Those that are to end, once their cluster has no route behind the gateway. */
async function endAssociations(ecs: EcsContext, scope: Scope, name: string): Promise<void> {
  const isEnding = ({ status }: GatewayAssociationRecord): boolean => status === 'DISASSOCIATING';
  if (!associationsOfGateway(ecs.state, scope, name).some(isEnding)) return;
  await ecs.state.transact((tx) => {
    const served = new Set(routesOfGateway(tx, scope, name).map(({ cluster }) => cluster));
    for (const { cluster } of associationsOfGateway(tx, scope, name).filter(isEnding))
      if (!served.has(cluster)) tx.delete(gatewayAssociations, gatewayAssociationKey(scope, name, cluster));
  });
}
