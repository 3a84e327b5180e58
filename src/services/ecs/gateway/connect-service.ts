import { isDeepStrictEqual } from 'node:util';
import type { GatewayConnector } from '@aws-sdk/client-ecs';
import { hex, type Random } from '../../../clock/index.ts';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Scope } from '../arn.ts';
import { clientError, invalidParameter, unsupported } from '../errors.ts';
import { endpointOf } from '../ingress/endpoint.ts';
import type { GatewayConnectorRecord, GatewayRouteRef } from '../records/gateway-connector.ts';
import type {
  ExposureRecord,
  LaunchedType,
  NetworkConfigurationRecord,
  ServiceRecord,
  StoredTaskDefinition,
} from '../records.ts';
import { compatibleGateways } from './compatible-gateways.ts';
import { type NamedPort, readConnector, requireNamedPort } from './read-connector.ts';
import {
  type GatewayLoadBalancerRecord,
  type GatewayRecord,
  type GatewayRouteRecord,
  gatewayLoadBalancerKey,
  gatewayLoadBalancers,
  gatewayRouteKey,
  gatewayRoutes,
  loadBalancersOfGateway,
  routesOfGateway,
  routesOfService,
} from './records.ts';
import { type BalancersOfRoutes, balancersOfRoutes } from './route-balancers.ts';

export interface Connecting {
  readonly cluster: string;
  readonly name: string;
  readonly definition: StoredTaskDefinition;
  readonly launchType: LaunchedType;
  readonly network: NetworkConfigurationRecord | undefined;
}

/** By what a service is behind gateways; nothing where it is behind none. */
export interface Connection {
  readonly gatewayConnectors?: readonly GatewayConnectorRecord[];
  readonly gatewayRoutes?: readonly GatewayRouteRef[];
  /** Of its routes; undefined while one of them is not made. */
  readonly balancers: BalancersOfRoutes | undefined;
}

const nothing: Connection = { balancers: [] };

/**
 * Where a service joins gateways: a route behind each that it can join, the ones that it has among them.
 * @throws InvalidParameterException in AWS's words where they are known; ClientException: a gateway is full.
 */
export function connectToGateways(
  tx: Transaction,
  random: Random,
  call: Call,
  connecting: Connecting,
  connector: GatewayConnectorRecord | undefined,
): Connection {
  if (connector === undefined) return nothing;
  const { cluster, name, definition, launchType, network } = connecting;
  if (launchType === 'EXTERNAL')
    throw invalidParameter('The launch type EXTERNAL does not support gatewayConnectors.');
  const port = requireNamedPort(definition, connector.portName);
  const joined = compatibleGateways(tx, call, cluster, network, connector);
  const known = routesOfService(tx, call, { cluster, name }).filter(
    ({ status }) => !status.startsWith('DELETE'),
  );
  const routes = joined.map((gateway): GatewayRouteRecord => {
    const route = known.find((each) => each.gateway === gateway.name);
    if (route === undefined) return newRoute(tx, random, call, connecting, gateway, connector, port);
    if (!isDeepStrictEqual(route.healthCheck, connector.healthCheck ?? {}))
      throw unsupported('Another healthCheck for a gateway connector that is there');
    return { ...route, portName: connector.portName, port: port.containerPort };
  });
  for (const route of routes) tx.put(gatewayRoutes, gatewayRouteKey(call, route.gateway, route.id), route);
  const refs = routes.map(({ gateway, id }) => ({ gateway, id }));
  return {
    ...{ gatewayConnectors: [connector], gatewayRoutes: refs },
    balancers: balancersOfRoutes(tx, call, refs, port),
  };
}

/** What an update says of a service's connection, and what it says nothing of. @throws as `connectToGateways` */
export function changedConnection(
  tx: Transaction,
  random: Random,
  call: Call,
  connecting: Connecting,
  service: ServiceRecord,
  input: {
    readonly gatewayConnectors?: GatewayConnector[] | undefined;
    readonly taskDefinition?: string | undefined;
    readonly networkConfiguration?: object | undefined;
    readonly forceNewDeployment?: boolean | undefined;
  },
): Connection {
  const { gatewayConnectors: asked, taskDefinition, networkConfiguration, forceNewDeployment } = input;
  const isLookedAt = asked !== undefined || taskDefinition || networkConfiguration || forceNewDeployment;
  const [current] = service.gatewayConnectors ?? [];
  if (isLookedAt) {
    const connector = asked === undefined ? current : readConnector(asked);
    if (connector !== undefined && service.resourceManagementType === 'ECS')
      throw invalidParameter(
        'An Express service has a gateway of its own: it can not have gatewayConnectors.',
      );
    return connectToGateways(tx, random, call, connecting, connector);
  }
  if (current === undefined) return nothing;
  const { gatewayConnectors = [], gatewayRoutes: refs = [] } = service;
  const port = requireNamedPort(connecting.definition, current.portName);
  return { gatewayConnectors, gatewayRoutes: refs, balancers: balancersOfRoutes(tx, call, refs, port) };
}

/** What a service is exposed by, with its routes as far as all of them are made. */
export function connectedBy(
  { balancers, ...connection }: Connection,
  exposure: Pick<ExposureRecord, 'serviceRegistries' | 'loadBalancers'>,
): ExposureRecord {
  const loadBalancers = [...(exposure.loadBalancers ?? []), ...(balancers ?? [])];
  return { ...exposure, ...connection, ...(loadBalancers.length > 0 && { loadBalancers }) };
}

/** Until all of them are made, no task is started. */
export const awaiting = ({ balancers }: Connection): Pick<ServiceRecord, 'awaitsInfrastructure'> =>
  balancers === undefined ? { awaitsInfrastructure: true } : {};

function newRoute(
  tx: Transaction,
  random: Random,
  call: Call,
  { cluster, name }: Connecting,
  gateway: GatewayRecord,
  connector: GatewayConnectorRecord,
  { containerPort }: NamedPort,
): GatewayRouteRecord {
  const id = hex(random, 32);
  return {
    ...{ id, gateway: gateway.name, cluster, service: name, createdAt: call.now },
    ...{ portName: connector.portName, port: containerPort, healthCheck: connector.healthCheck ?? {} },
    host: endpointOf(name, call.region, random),
    loadBalancerName: shareLoadBalancer(tx, random, call, gateway).name,
    targetGroupNames: [`ecs-gw-tg-${hex(random, 17)}`, `ecs-gw-tg-${hex(random, 17)}`],
    securityGroupName: `ecs-gw-${gateway.name.slice(0, 100)}-${id}`,
    ...{ status: 'CREATE_IN_PROGRESS', made: {} },
  };
}

/** A listener has 25 certificates besides the one that it shows by default. */
const maxRoutes = 25;

function shareLoadBalancer(
  tx: Transaction,
  random: Random,
  call: Call,
  { name: gateway, maxAlbCount }: GatewayRecord,
): GatewayLoadBalancerRecord {
  const all = loadBalancersOfGateway(tx, call, gateway);
  const shared = all.find((each) => !each.isEnding && routesOn(tx, call, each) < maxRoutes);
  if (shared !== undefined) return shared;
  if (all.length >= maxAlbCount)
    throw clientError(
      `The gateway ${gateway} has no room for another service: its ${maxAlbCount} load balancers have ${maxRoutes} routes each.`,
    );
  const made: GatewayLoadBalancerRecord = {
    ...{ gateway, createdAt: call.now, made: {} },
    name: `ecs-gateway-alb-${hex(random, 16)}`,
    securityGroupName: `ecs-gateway-alb-sg-${hex(random, 16)}`,
  };
  tx.put(gatewayLoadBalancers, gatewayLoadBalancerKey(call, gateway, made.name), made);
  return made;
}

const routesOn = (reader: Reader, scope: Scope, { gateway, name }: GatewayLoadBalancerRecord): number =>
  routesOfGateway(reader, scope, gateway).filter(({ loadBalancerName }) => loadBalancerName === name).length;
