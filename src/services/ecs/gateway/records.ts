import type {
  AccessType,
  GatewayElbScheme,
  GatewayRouteStatus,
  GatewayStatus,
  PropagateGatewayTags,
  Tag,
} from '@aws-sdk/client-ecs';
import { type Collection, type Reader, type RecordKey, recordKey } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import type { ConnectorHealthCheckRecord } from '../records/gateway-connector.ts';
import { scopeOf } from '../records/scope.ts';

/**
 * What is kept of gateways. Operations write what is wanted, the reconciler `gateway-infrastructure` what of it is there:
 * `status` once a request has been answered, `made…`, `failures`, `obstacle`.
 */

/** The load balancers of a gateway as they are wanted. Changed by UpdateGateway, but for what `GatewayRecord` has. */
export interface GatewaySettings {
  readonly infrastructureRoleArn: string;
  /** Also the load balancers'. */
  readonly deletionProtection: boolean;
  readonly maxAlbCount: number;
  /** The user's own, beside the one that the gateway makes for each load balancer; absent: that one lets HTTPS in. */
  readonly inboundSecurityGroup?: string;
  readonly accessLogs?: { readonly bucket: string; readonly prefix?: string };
  /** By which test traffic is told from production traffic; absent: there is no way for it. */
  readonly testHeader?: { readonly name: string; readonly values: readonly string[] };
  readonly propagateTags: PropagateGatewayTags;
}

export interface GatewayRecord extends GatewaySettings {
  readonly name: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly clientToken?: string;
  readonly parametersHash: string;
  readonly scheme: GatewayElbScheme;
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly availabilityZones: readonly string[];
  readonly tags: readonly Tag[];
  /** There are only those that are not deleted. */
  readonly status: Exclude<GatewayStatus, 'DELETED'>;
  /** Of UPDATE_FAILED: each load balancer that is not as it is wanted. */
  readonly failures?: readonly GatewayFailureRecord[];
}

export interface GatewayFailureRecord {
  readonly arn: string;
  readonly errors: readonly { readonly operation: string; readonly code: string; readonly message: string }[];
}

/** `gateway/<name>` */
export const gateways: Collection<GatewayRecord, 'byScope'> = {
  service: 'ecs',
  noun: 'gateway',
  indexes: { byScope: (_record, key) => scopeOf(key) },
};

/** A cluster whose services may join a gateway. */
export interface GatewayAssociationRecord {
  readonly gateway: string;
  readonly cluster: string;
  readonly status: 'ACTIVE' | 'DISASSOCIATING';
}

/** `gateway-cluster-association/<gateway>/<cluster>` */
export const gatewayAssociations: Collection<
  GatewayAssociationRecord,
  'byGateway' | 'byCluster' | 'byScope'
> = {
  service: 'ecs',
  noun: 'gateway-cluster-association',
  indexes: {
    byGateway: ({ gateway }, key) => `${scopeOf(key)}/${gateway}`,
    byCluster: ({ cluster }, key) => `${scopeOf(key)}/${cluster}`,
    byScope: (_record, key) => scopeOf(key),
  },
};

/** A load balancer that up to 25 routes of a gateway share: it comes with the first of them and goes with the last. */
export interface GatewayLoadBalancerRecord {
  readonly gateway: string;
  readonly name: string;
  readonly securityGroupName: string;
  readonly createdAt: number;
  /** Its last route is going: no other one comes to it. */
  readonly isEnding?: true;
  readonly made: {
    readonly loadBalancer?: string;
    /** An id. */
    readonly securityGroup?: string;
    readonly listener?: string;
  };
}

/** `gateway-load-balancer/<gateway>/<name>` */
export const gatewayLoadBalancers: Collection<GatewayLoadBalancerRecord, 'byGateway'> = {
  service: 'ecs',
  noun: 'gateway-load-balancer',
  indexes: { byGateway: ({ gateway }, key) => `${scopeOf(key)}/${gateway}` },
};

/** A service behind a gateway. */
export interface GatewayRouteRecord {
  readonly id: string;
  readonly gateway: string;
  readonly cluster: string;
  readonly service: string;
  readonly createdAt: number;
  /** Of a port mapping in the service's task definition. */
  readonly portName: string;
  /** The number that it had at first: each target says its own. */
  readonly port: number;
  readonly healthCheck: ConnectorHealthCheckRecord;
  /** The host name that it is reached by. */
  readonly host: string;
  readonly loadBalancerName: string;
  /** A deployment's tasks are in one of them; those of the next, if traffic is shifted to it, in the other. */
  readonly targetGroupNames: readonly [string, string];
  readonly securityGroupName: string;

  readonly status: GatewayRouteStatus;
  /** Why it doesn't get on; absent while it does. */
  readonly obstacle?: string;
  readonly made: GatewayRouteResources;
}

/** ARNs, but for security groups, which are ids. Absent: not made yet. */
export interface GatewayRouteResources {
  readonly certificate?: string;
  /** The service's tasks are in it: the load balancer is let in. */
  readonly securityGroup?: string;
  readonly targetGroup?: string;
  readonly alternateTargetGroup?: string;
  readonly rule?: string;
  readonly testRule?: string;
  /** The header that `testRule` goes by. */
  readonly testHeader?: NonNullable<GatewaySettings['testHeader']>;
  /** Ports that the load balancer may go to. */
  readonly ports?: readonly number[];
}

/** `gateway-route/<gateway>/<id>` */
export const gatewayRoutes: Collection<
  GatewayRouteRecord,
  'byGateway' | 'byService' | 'byCluster' | 'byHost' | 'byScope'
> = {
  service: 'ecs',
  noun: 'gateway-route',
  indexes: {
    byGateway: ({ gateway }, key) => `${scopeOf(key)}/${gateway}`,
    byService: ({ cluster, service }, key) => `${scopeOf(key)}/${cluster}/${service}`,
    byCluster: ({ cluster }, key) => `${scopeOf(key)}/${cluster}`,
    byHost: ({ host }) => host,
    byScope: (_record, key) => scopeOf(key),
  },
};

const scoped = ({ accountId, region }: Scope): readonly [string, string] => [accountId, region];

export const gatewayKey = (scope: Scope, name: string): RecordKey =>
  recordKey(gateways, ...scoped(scope), name);

export const gatewayAssociationKey = (scope: Scope, gateway: string, cluster: string): RecordKey =>
  recordKey(gatewayAssociations, ...scoped(scope), gateway, cluster);

export const gatewayLoadBalancerKey = (scope: Scope, gateway: string, name: string): RecordKey =>
  recordKey(gatewayLoadBalancers, ...scoped(scope), gateway, name);

export const gatewayRouteKey = (scope: Scope, gateway: string, id: string): RecordKey =>
  recordKey(gatewayRoutes, ...scoped(scope), gateway, id);

export const accessTypeOf = ({ scheme }: Pick<GatewayRecord, 'scheme'>): AccessType =>
  scheme === 'internal' ? 'PRIVATE' : 'PUBLIC';

const within = ({ accountId, region }: Scope, of: string): string => `${accountId}/${region}/${of}`;
const byAge = <T extends { readonly createdAt: number }>(one: T, other: T): number =>
  one.createdAt - other.createdAt;

/** The oldest first. */
export const routesOfGateway = (
  reader: Reader,
  scope: Scope,
  gateway: string,
): readonly GatewayRouteRecord[] =>
  reader
    .byIndex(gatewayRoutes, 'byGateway', within(scope, gateway))
    .map(({ value }) => value)
    .toSorted(byAge);

/** The oldest first. */
export const loadBalancersOfGateway = (
  reader: Reader,
  scope: Scope,
  gateway: string,
): readonly GatewayLoadBalancerRecord[] =>
  reader
    .byIndex(gatewayLoadBalancers, 'byGateway', within(scope, gateway))
    .map(({ value }) => value)
    .toSorted(byAge);

export const routesOfService = (
  reader: Reader,
  scope: Scope,
  { cluster, name }: { readonly cluster: string; readonly name: string },
): readonly GatewayRouteRecord[] =>
  reader.byIndex(gatewayRoutes, 'byService', within(scope, `${cluster}/${name}`)).map(({ value }) => value);

export const associationsOfGateway = (
  reader: Reader,
  scope: Scope,
  gateway: string,
): readonly GatewayAssociationRecord[] =>
  reader.byIndex(gatewayAssociations, 'byGateway', within(scope, gateway)).map(({ value }) => value);

export const associationsOfCluster = (
  reader: Reader,
  scope: Scope,
  cluster: string,
): readonly GatewayAssociationRecord[] =>
  reader.byIndex(gatewayAssociations, 'byCluster', within(scope, cluster)).map(({ value }) => value);
