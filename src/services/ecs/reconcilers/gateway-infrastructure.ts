import { Refusal } from '../../../protocols/index.ts';
import {
  again,
  done,
  type Outcome,
  type Reconciler,
  type RecordKey,
  watching,
} from '../../../reconcile/index.ts';
import { type Scope, scopeOfKey } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { updateLoadBalancer } from '../gateway/balancer-settings.ts';
import { gatewayMaker } from '../gateway/gateway-site.ts';
import {
  associationsOfGateway,
  type GatewayAssociationRecord,
  type GatewayFailureRecord,
  type GatewayRecord,
  type GatewayRouteRecord,
  gatewayAssociationKey,
  gatewayAssociations,
  gatewayKey,
  gatewayRoutes,
  gateways,
  loadBalancersOfGateway,
  routesOfGateway,
} from '../gateway/records.ts';
import { serveRoute } from '../gateway/serve-route.ts';
import { type ServiceRecord, services } from '../records.ts';

/**
 * Makes of gateways and their routes what requests have said of them, and takes away what nobody needs any more. A key of work
 * is a gateway's: its routes are served one after the other, so that nobody else changes their load balancers meanwhile.
 */
export function gatewayInfrastructure(ecs: EcsContext): Reconciler {
  return {
    name: 'gateway-infrastructure',
    watches: [
      watching(gateways, ({ key }) => [key]),
      watching<GatewayAssociationRecord>(gatewayAssociations, ({ key, after }) =>
        after === undefined ? [] : [gatewayKey(scopeOfKey(key), after.gateway)],
      ),
      watching<GatewayRouteRecord>(gatewayRoutes, ({ key, before, after }) =>
        [before ?? after].flatMap((route) => (route ? gatewayKey(scopeOfKey(key), route.gateway) : [])),
      ),
      watching<ServiceRecord>(services, ({ key, before, after }) =>
        [...gatewaysOf(before), ...gatewaysOf(after)].map((name) => gatewayKey(scopeOfKey(key), name)),
      ),
    ],
    reconcile: async (key): Promise<Outcome> => {
      const gateway = ecs.state.get(gateways, key as RecordKey);
      if (gateway === undefined) return done;
      const scope = scopeOfKey(key);
      if (gateway.status === 'UPDATE_IN_PROGRESS') await update(ecs, scope, gateway);
      const waits: number[] = [];
      for (const route of routesOfGateway(ecs.state, scope, gateway.name)) {
        const outcome = await serveRoute(ecs, scope, gateway, route);
        if (outcome.type === 'again') waits.push(outcome.afterMs);
      }
      await endAssociations(ecs, scope, gateway.name);
      return waits.length > 0 ? again(Math.min(...waits)) : done;
    },
  };
}

/** Also those that only an older deployment of the service is behind. */
function gatewaysOf(service: ServiceRecord | undefined): readonly string[] {
  if (service === undefined) return [];
  const { deployments, lastCompleted } = service;
  const users = [service, ...deployments, ...(lastCompleted ? [lastCompleted] : [])];
  return users.flatMap(({ gatewayRoutes: refs = [] }) => refs.map(({ gateway }) => gateway));
}

/** What can't be changed is said, and the rest is changed. */
async function update(ecs: EcsContext, scope: Scope, gateway: GatewayRecord): Promise<void> {
  const failures: GatewayFailureRecord[] = [];
  for (const balancer of loadBalancersOfGateway(ecs.state, scope, gateway.name)) {
    const { loadBalancer: arn } = balancer.made;
    if (arn === undefined) continue;
    const errors = await errorsOf(() =>
      updateLoadBalancer(gatewayMaker(ecs, scope, gateway), gateway, balancer),
    );
    if (errors.length > 0) failures.push({ arn, errors });
  }
  await ecs.state.transact((tx) => {
    const key = gatewayKey(scope, gateway.name);
    const record = tx.get(gateways, key);
    if (record?.status !== 'UPDATE_IN_PROGRESS') return;
    const ended =
      failures.length > 0
        ? ({ status: 'UPDATE_FAILED', failures } as const)
        : ({ status: 'UPDATE_COMPLETE' } as const);
    tx.put(gateways, key, { ...record, ...ended });
  });
}

/** A role that ECS can't take is all that there is to say of a load balancer. */
async function errorsOf(
  run: () => Promise<GatewayFailureRecord['errors']>,
): Promise<GatewayFailureRecord['errors']> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return [{ operation: 'sts:AssumeRole', code: error.code, message: error.message }];
  }
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
