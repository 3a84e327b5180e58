import type { Reader, RecordKey, Transaction } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import type { DeploymentRecord, ServiceRecord } from '../records.ts';
import { serviceRevisions, services, taskDefinitions } from '../records.ts';
import { serviceRevisionKey } from '../service-history.ts';
import { serviceKey } from '../service-lookup.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import { withTrafficShift } from '../traffic-shift/begin-shift.ts';
import { servedBy } from '../traffic-shift/routes.ts';
import type { RouteSite } from './gateway-site.ts';
import { findNamedPort } from './read-connector.ts';
import { type BalancersOfRoutes, balancersOfRoutes, ownBalancers } from './route-balancers.ts';

/** What a service is told of its routes. */

type Told = Pick<RouteSite, 'ecs' | 'scope' | 'route'>;

const keyOf = ({ scope, route }: Told): RecordKey => serviceKey(scope, route.cluster, route.service);

/** The balancers that a service waits for; undefined: it waits for none, or not all of them are made. */
export function awaitedBalancers(
  reader: Reader,
  scope: Scope,
  service: ServiceRecord,
): BalancersOfRoutes | undefined {
  const { gatewayRoutes = [], gatewayConnectors: [connector] = [], status, taskDefinition: used } = service;
  if (status !== 'ACTIVE' || !service.awaitsInfrastructure || !connector || !used) return undefined;
  const key = taskDefinitionKey(scope, used.family, used.revision);
  const definition = reader.get(taskDefinitions, key)?.definition;
  const port = definition && findNamedPort(definition, connector.portName);
  return port && balancersOfRoutes(reader, scope, gatewayRoutes, port);
}

/**
 * All that a service waited for is there: it, its newest deployment and that one's revision are told of it, and its tasks
 * may start.
 */
export function connectAwaiting({ ecs, ...told }: Told): Promise<void> {
  const { scope } = told;
  return ecs.state.transact((tx) => {
    const key = keyOf({ ecs, ...told });
    const service = tx.get(services, key);
    const balancers = service && awaitedBalancers(tx, scope, service);
    if (service === undefined || balancers === undefined) return;
    const { awaitsInfrastructure: _awaits, ...rest } = service;
    const loadBalancers = [...ownBalancers(service.loadBalancers), ...balancers];
    const [primary, ...older] = service.deployments;
    if (primary === undefined) throw new Error(`Service ${service.name} has no deployment`);
    const behind = { ...rest, loadBalancers, deployments: [{ ...primary, loadBalancers }, ...older] };
    const connected = withTrafficShift(behind, ecs.clock.now(), (rule) => servedBy(tx, scope, rule));
    tx.put(services, key, connected);
    noteRevision(tx, scope, connected);
  });
}

function noteRevision(tx: Transaction, scope: Scope, service: ServiceRecord): void {
  const [primary] = service.deployments;
  const key = primary && serviceRevisionKey(scope, service, primary.serviceRevisionId);
  const revision = key && tx.get(serviceRevisions, key);
  if (primary === undefined || key === undefined || revision === undefined) return;
  const { loadBalancers, targetGroupArns } = primary;
  tx.put(serviceRevisions, key, {
    ...revision,
    ...(loadBalancers && { loadBalancers }),
    ...(targetGroupArns && { targetGroupArns }),
  });
}

/** Test traffic of the route goes by another rule from now on, or by none. */
export function withTestRule({ ecs, ...told }: Told, testRule: string | undefined): Promise<void> {
  return ecs.state.transact((tx) => {
    const key = keyOf({ ecs, ...told });
    const service = tx.get(services, key);
    if (service === undefined) return;
    const isToldOf = [service, ...service.deployments].some(({ loadBalancers = [] }) =>
      loadBalancers.some(
        ({ gatewayRoute, advancedConfiguration }) =>
          gatewayRoute?.id === told.route.id && advancedConfiguration?.testListenerRule !== testRule,
      ),
    );
    if (!isToldOf) return;
    const changed = <T extends Pick<DeploymentRecord, 'loadBalancers'>>(record: T): T =>
      record.loadBalancers === undefined
        ? record
        : { ...record, loadBalancers: changedRules(record.loadBalancers, told.route.id, testRule) };
    tx.put(services, key, {
      ...changed(service),
      deployments: service.deployments.map(changed),
      ...(service.lastCompleted && { lastCompleted: changed(service.lastCompleted) }),
    });
  });
}

const changedRules = (
  balancers: BalancersOfRoutes,
  routeId: string,
  testRule: string | undefined,
): BalancersOfRoutes =>
  balancers.map((balancer) => {
    const { advancedConfiguration, gatewayRoute } = balancer;
    if (advancedConfiguration === undefined || gatewayRoute?.id !== routeId) return balancer;
    const { testListenerRule: _rule, ...rest } = advancedConfiguration;
    return {
      ...balancer,
      advancedConfiguration: { ...rest, ...(testRule !== undefined && { testListenerRule: testRule }) },
    };
  });

/** Whether one of the service's newest, oldest or wanted deployments is behind the route. */
export function isRouteWanted(
  reader: Reader,
  scope: Scope,
  { id, cluster, service: name }: RouteSite['route'],
): boolean {
  const service = reader.get(services, serviceKey(scope, cluster, name));
  if (service?.status !== 'ACTIVE') return false;
  const { deployments, lastCompleted } = service;
  return [service, ...deployments, ...(lastCompleted ? [lastCompleted] : [])].some(({ gatewayRoutes = [] }) =>
    gatewayRoutes.some((ref) => ref.id === id),
  );
}
