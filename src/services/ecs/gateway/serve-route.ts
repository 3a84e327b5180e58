import { Refusal } from '../../../protocols/index.ts';
import { again, done, type Outcome, type Transaction } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { tellService } from '../deployment/tell-service.ts';
import { type ServiceRecord, services } from '../records.ts';
import { serviceKey } from '../service-lookup.ts';
import { gatewayMaker } from './gateway-site.ts';
import { isRouteMade, makeRoute } from './make-route.ts';
import {
  type GatewayLoadBalancerRecord,
  type GatewayRecord,
  type GatewayRouteRecord,
  gatewayLoadBalancerKey,
  gatewayLoadBalancers,
  gatewayRouteKey,
  gatewayRoutes,
  routesOfGateway,
} from './records.ts';
import { removeRoute } from './remove-route.ts';
import { isRouteWanted } from './tell-service.ts';

/** Something was asked for that is done in a moment, such as a certificate. */
const soonMs = 250;
/** What another service refuses may be mended: a role's policy, a quota. */
const refusedMs = 10_000;

/** Makes a route as it is wanted, or takes it away; what keeps it from that it says itself, and its service says it once. */
export async function serveRoute(
  ecs: EcsContext,
  scope: Scope,
  gateway: GatewayRecord,
  route: GatewayRouteRecord,
): Promise<Outcome> {
  const service = ecs.state.get(services, serviceKey(scope, route.cluster, route.service));
  const key = gatewayLoadBalancerKey(scope, route.gateway, route.loadBalancerName);
  const loadBalancer = ecs.state.get(gatewayLoadBalancers, key);
  if (loadBalancer === undefined) throw new Error(`The route ${route.id} has no load balancer`);
  const isWanted = isRouteWanted(ecs.state, scope, route);
  try {
    if (isWanted && service !== undefined)
      return await make(ecs, scope, { gateway, loadBalancer, route, service });
    // Its tasks are on their way out, and may still be answering.
    if (service?.status === 'DRAINING') return done;
    return await remove(ecs, scope, { gateway, loadBalancer, route });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    await noteObstacle(ecs, scope, route, `${error.code}: ${error.message}`, isWanted);
    return again(refusedMs);
  }
}

interface Served {
  readonly gateway: GatewayRecord;
  readonly loadBalancer: GatewayLoadBalancerRecord;
  readonly route: GatewayRouteRecord;
}

async function make(
  ecs: EcsContext,
  scope: Scope,
  served: Served & { readonly service: ServiceRecord },
): Promise<Outcome> {
  const { gateway, loadBalancer, route, service } = served;
  if (isRouteMade(ecs.state, scope, gateway, route, service)) return done;
  if (route.status === 'ACTIVE')
    await changeRoute(ecs, scope, route, (record) => ({ ...record, status: 'UPDATE_IN_PROGRESS' }));
  const isMade = await makeRoute({
    ...{ ...served, ecs, scope },
    ...gatewayMaker(ecs, scope, gateway),
    note: (made) =>
      changeRoute(ecs, scope, route, (record) => ({ ...record, made: over(record.made, made) })),
    noteLoadBalancer: (made) =>
      ecs.state.transact((tx) => {
        const key = gatewayLoadBalancerKey(scope, gateway.name, loadBalancer.name);
        const record = tx.get(gatewayLoadBalancers, key);
        const after = record && over(record.made, made);
        if (record !== undefined && after !== record.made)
          tx.put(gatewayLoadBalancers, key, { ...record, made: after ?? {} });
      }),
  });
  if (!isMade) return again(soonMs);
  await changeRoute(ecs, scope, route, ({ obstacle: _obstacle, ...record }) => ({
    ...record,
    status: 'ACTIVE',
  }));
  return done;
}

/** The same object where nothing is news; what is undefined goes. */
function over<T extends object>(before: T, news: { readonly [Name in keyof T]?: T[Name] | undefined }): T {
  const isNews = Object.entries(news).some(
    ([name, value]) => JSON.stringify(before[name as keyof T]) !== JSON.stringify(value),
  );
  if (!isNews) return before;
  const merged = Object.entries({ ...before, ...news }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(merged) as T;
}

/** Changes the record as it is now; nothing is written where nothing changes. */
function changeRoute(
  ecs: EcsContext,
  scope: Scope,
  { gateway, id }: GatewayRouteRecord,
  change: (record: GatewayRouteRecord) => GatewayRouteRecord,
): Promise<void> {
  return ecs.state.transact((tx) => {
    const key = gatewayRouteKey(scope, gateway, id);
    const record = tx.get(gatewayRoutes, key);
    if (record === undefined) return;
    const changed = change(record);
    if (JSON.stringify(changed) !== JSON.stringify(record)) tx.put(gatewayRoutes, key, changed);
  });
}

async function noteObstacle(
  ecs: EcsContext,
  scope: Scope,
  route: GatewayRouteRecord,
  obstacle: string,
  isWanted: boolean,
): Promise<void> {
  await ecs.state.transact((tx) => {
    const key = gatewayRouteKey(scope, route.gateway, route.id);
    const record = tx.get(gatewayRoutes, key);
    if (record === undefined || record.obstacle === obstacle) return;
    const failed = !isWanted ? 'DELETE_FAILED' : isNew(record) ? 'CREATE_FAILED' : 'UPDATE_FAILED';
    tx.put(gatewayRoutes, key, { ...record, obstacle, status: failed });
    const what = !isWanted ? 'remove' : isNew(record) ? 'create' : 'update';
    const message = `was unable to ${what} its route behind gateway ${route.gateway}. Reason: ${obstacle}`;
    tellService(tx, ecs, serviceKey(scope, route.cluster, route.service), [{ message }]);
  });
}

const isNew = ({ status }: GatewayRouteRecord): boolean => status.startsWith('CREATE');

async function remove(ecs: EcsContext, scope: Scope, served: Served): Promise<Outcome> {
  const { gateway, loadBalancer, route } = served;
  const others = await ecs.state.transact((tx) => beginRemoval(tx, scope, served));
  // It is wanted again.
  if (others === undefined) return again(0);
  const heir = others.find(({ made }) => made.rule !== undefined) ?? others[0];
  const leaving = { ...served, ...gatewayMaker(ecs, scope, gateway), ecs, scope };
  if (!(await removeRoute(leaving, heir && { certificate: heir.made.certificate }))) return again(soonMs);
  await ecs.state.transact((tx) => {
    tx.delete(gatewayRoutes, gatewayRouteKey(scope, gateway.name, route.id));
    const place = gatewayLoadBalancerKey(scope, gateway.name, loadBalancer.name);
    if (tx.get(gatewayLoadBalancers, place)?.isEnding) tx.delete(gatewayLoadBalancers, place);
  });
  return done;
}

/** The others behind the load balancer; without any, nobody else comes to it from now on. */
function beginRemoval(
  tx: Transaction,
  scope: Scope,
  { route, loadBalancer }: Served,
): readonly GatewayRouteRecord[] | undefined {
  if (isRouteWanted(tx, scope, route)) return undefined;
  const key = gatewayRouteKey(scope, route.gateway, route.id);
  const record = tx.get(gatewayRoutes, key);
  if (record !== undefined && !record.status.startsWith('DELETE'))
    tx.put(gatewayRoutes, key, { ...record, status: 'DELETE_IN_PROGRESS' });
  const others = routesOfGateway(tx, scope, route.gateway).filter(
    ({ id, loadBalancerName }) => id !== route.id && loadBalancerName === loadBalancer.name,
  );
  const place = gatewayLoadBalancerKey(scope, route.gateway, loadBalancer.name);
  const balancer = tx.get(gatewayLoadBalancers, place);
  if (others.length === 0 && balancer !== undefined && !balancer.isEnding)
    tx.put(gatewayLoadBalancers, place, { ...balancer, isEnding: true });
  return others;
}
