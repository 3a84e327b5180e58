import {
  type Collection,
  type Reader,
  type RecordKey,
  recordKey,
  type Stored,
} from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { scopeOf } from '../records/scope.ts';

/** What is kept of Express services besides the services themselves, which are like any other. */

/** An Express service: what it stands on, as it is wanted and as it was made. Everything else its service and its task definition say. */
export interface ExpressServiceRecord {
  readonly name: string;
  readonly cluster: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly infrastructureRoleArn: string;
  /** The host name that it is reached by. */
  readonly endpoint: string;
  readonly accessType: 'PUBLIC' | 'PRIVATE';
  readonly vpcId: string;
  /** The name of the load balancer that it shares. */
  readonly loadBalancerName: string;
  readonly targetGroupName: string;
  readonly healthCheckPath: string;
  readonly scalingTarget: ExpressScalingTarget;
  /** Those that it was given; none: it gets one of its own. */
  readonly securityGroups: readonly string[];
  /** Of the one that it gets. Absent in records of earlier versions: see `ownGroupName`. */
  readonly securityGroupName?: string;
  /** Its own; absent: it was given one, or its task definition says where its logs go. */
  readonly logGroupName?: string;
  /**
   * +1 with each request. What it stands on is made and changed once for each: what users change there themselves stays
   * (ECS developer guide, "Customizing an Express Mode service").
   */
  readonly revision: number;

  /** The revision that all of it was last made for. */
  readonly madeRevision: number;
  readonly made: ExpressResources;
  readonly madeAt: number;
  /** Why it doesn't get on; absent while it does. */
  readonly obstacle?: string;
  /** It is being taken away. */
  readonly isEnding?: true;
  /** When all of it was gone. */
  readonly removedAt?: number;
}

export interface ExpressScalingTarget {
  readonly minTaskCount: number;
  readonly maxTaskCount: number;
  readonly autoScalingMetric: 'AVERAGE_CPU' | 'AVERAGE_MEMORY' | 'REQUEST_COUNT_PER_TARGET';
  readonly autoScalingTargetValue: number;
}

/** ARNs, but for security groups, which are ids. Absent: not made yet. */
export interface ExpressResources {
  readonly logGroup?: string;
  readonly certificate?: string;
  readonly loadBalancer?: string;
  readonly loadBalancerSecurityGroup?: string;
  readonly listener?: string;
  readonly rule?: string;
  readonly targetGroup?: string;
  readonly securityGroup?: string;
  readonly scalableTarget?: string;
  readonly scalingPolicy?: { readonly arn: string; readonly name: string };
  /** What scalable target and policy were last made of. */
  readonly scaledBy?: ExpressScalingTarget;
  /** Where the load balancer may go: each of the service's security groups with a port. */
  readonly admitted?: readonly Admission[];
}

export interface Admission {
  readonly securityGroupId: string;
  readonly port: number;
}

/** `express-gateway-service/<cluster>/<name>` */
export const expressServices: Collection<
  ExpressServiceRecord,
  'byLoadBalancer' | 'byEndpoint' | 'byOwnGroup'
> = {
  service: 'ecs',
  noun: 'express-gateway-service',
  indexes: {
    /** Those that are not gone. */
    byLoadBalancer: (record, key) =>
      record.removedAt === undefined ? `${scopeOf(key)}/${record.loadBalancerName}` : undefined,
    byEndpoint: (record) => (record.removedAt === undefined ? record.endpoint : undefined),
    byOwnGroup: (record, key) =>
      record.removedAt === undefined ? `${scopeOf(key)}/${ownGroupName(record)}` : undefined,
  },
};

/** The name of the security group that is made for a service, which no other one in its VPC may have. */
export const ownGroupName = ({
  cluster,
  name,
  vpcId,
  securityGroupName = plainGroupName(cluster, name, vpcId),
}: Pick<ExpressServiceRecord, 'cluster' | 'name' | 'vpcId' | 'securityGroupName'>): string =>
  securityGroupName;

/** As AWS names it. With hyphens two may come to the same: `port-east` in `sea`, and `east` in `sea-port`. */
export const plainGroupName = (cluster: string, name: string, vpcId: string): string =>
  `${cluster}-${name}-${vpcId}`;

/** A load balancer that up to 25 Express services of a VPC share; the first of them decides where it is. */
export interface ExpressLoadBalancerRecord {
  readonly name: string;
  readonly vpcId: string;
  readonly accessType: ExpressServiceRecord['accessType'];
  readonly subnetIds: readonly string[];
  readonly availabilityZones: readonly string[];
  readonly securityGroupName: string;
  readonly createdAt: number;
  /** Its last service is going: no other one comes to it. */
  readonly isEnding?: true;
}

/** `express-load-balancer/<name>` */
export const expressLoadBalancers: Collection<ExpressLoadBalancerRecord, 'byVpc'> = {
  service: 'ecs',
  noun: 'express-load-balancer',
  indexes: { byVpc: (record, key) => `${scopeOf(key)}/${record.vpcId}` },
};

export const expressServiceKey = (scope: Scope, cluster: string, name: string): RecordKey =>
  recordKey(expressServices, scope.accountId, scope.region, cluster, name);

export const expressLoadBalancerKey = (scope: Scope, name: string): RecordKey =>
  recordKey(expressLoadBalancers, scope.accountId, scope.region, name);

/** Those that share a load balancer, the oldest first. */
export function servicesOfLoadBalancer(
  reader: Reader,
  scope: Scope,
  name: string,
): readonly Stored<ExpressServiceRecord>[] {
  return reader
    .byIndex(expressServices, 'byLoadBalancer', `${scope.accountId}/${scope.region}/${name}`)
    .toSorted((one, other) => one.value.createdAt - other.value.createdAt);
}
