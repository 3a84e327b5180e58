import type { RuleAction, RuleCondition, RuleTransforms } from '../../balancing/index.ts';
import type { Collection, RecordKey } from '../../reconcile/index.ts';
import { recordKey } from '../../reconcile/index.ts';
import type { LoadBalancerType, Scope } from './arn.ts';

/**
 * What Elastic Load Balancing keeps: `/elasticloadbalancing/<account>/<region>/<noun>/<id>`. Times are epoch
 * milliseconds, the lengths of settings whole seconds, as AWS has them.
 *
 * A listener keeps its rules, so that their order is one record's; a load balancer knows its listeners' ports, and a
 * target group how many listeners send to it: whoever adds one writes both, so that nobody deletes or takes them meanwhile.
 */
export type Tags = Readonly<Record<string, string>>;

/** Attributes that were set, by AWS's keys; the others are as by default. */
export type Attributes = Readonly<Record<string, string>>;

export interface LoadBalancerRecord {
  readonly id: string;
  readonly arn: string;
  readonly name: string;
  readonly type: LoadBalancerType;
  readonly scheme: 'internet-facing' | 'internal';
  readonly vpcId: string;
  /** In the order in which they were named, one for each of its subnets. */
  readonly nodes: readonly NodeRecord[];
  /** None: a network load balancer that never had any, and that everybody reaches. */
  readonly securityGroupIds: readonly string[];
  readonly dnsName: string;
  /** Written by what the data plane reports. `active`: all of its nodes carry traffic; `active_impaired`: they did. */
  readonly state: 'provisioning' | 'active' | 'active_impaired';
  /** What keeps it from being active, as far as somebody knows. */
  readonly stateReason?: string;
  readonly listeners: readonly { readonly id: string; readonly port: number }[];
  readonly attributes: Attributes;
  readonly createdAt: number;
  readonly tags: Tags;
}
/** Where it is in one availability zone: an interface of its own. */
export interface NodeRecord {
  readonly subnetId: string;
  readonly availabilityZone: string;
  readonly interfaceId: string;
  readonly privateIpv4: string;
  readonly publicIpv4?: string;
  /** Of an Elastic IP address that somebody chose for it. */
  readonly allocationId?: string;
  /** Whether somebody chose its private address. */
  readonly isAddressGiven?: true;
}

const service = 'elasticloadbalancing';

/** `load-balancer/<id>` */
export const loadBalancers: Collection<LoadBalancerRecord, 'scope' | 'dnsName'> = {
  service,
  noun: 'load-balancer',
  indexes: {
    scope: (_balancer, key) => scopeTextOf(key),
    dnsName: ({ dnsName }) => dnsName.toLowerCase(),
  },
};

/** A name that a load balancer or a target group has. `load-balancer-name/<name>`, `target-group-name/<name>` */
export interface NameRecord {
  readonly id: string;
}
export const loadBalancerNames: Collection<NameRecord> = { service, noun: 'load-balancer-name', indexes: {} };
export const targetGroupNames: Collection<NameRecord> = { service, noun: 'target-group-name', indexes: {} };

export type ListenerProtocol = 'HTTP' | 'HTTPS' | 'TCP' | 'TLS' | 'UDP' | 'TCP_UDP';

export interface ListenerRecord {
  readonly id: string;
  readonly arn: string;
  readonly loadBalancerArn: string;
  readonly port: number;
  readonly protocol: ListenerProtocol;
  /** ARNs, the default one first; of HTTPS and TLS. */
  readonly certificateArns: readonly string[];
  /** Of HTTPS and TLS. */
  readonly sslPolicy?: string;
  /** Of TLS. */
  readonly alpnPolicy?: 'HTTP1Only' | 'HTTP2Only' | 'HTTP2Optional' | 'HTTP2Preferred' | 'None';
  /** In the order in which they are tried; the last one is the default, without conditions. */
  readonly rules: readonly RuleRecord[];
  readonly attributes: Attributes;
  readonly tags: Tags;
}
export interface RuleRecord {
  readonly id: string;
  readonly arn: string;
  /** 1 to 50000. */
  readonly priority: number | 'default';
  readonly conditions: readonly RuleCondition[];
  /** Stands before the action. */
  readonly guard?: RuleGuardRecord;
  readonly action: RuleAction;
  /** Of the action, as given. */
  readonly order?: number;
  readonly transforms?: RuleTransforms;
  readonly tags: Tags;
}

/** An action that decides whether a request gets as far as the one behind it. */
export type RuleGuardRecord = OidcGuardRecord | JwtGuardRecord;

export interface JwtGuardRecord {
  readonly type: 'jwt-validation';
  readonly jwksEndpoint: string;
  readonly issuer: string;
  readonly additionalClaims: readonly {
    readonly name: string;
    readonly format: 'single-string' | 'string-array' | 'space-separated-values';
    readonly values: readonly string[];
  }[];
  /** As given. */
  readonly order?: number;
}

export interface OidcGuardRecord {
  readonly type: 'authenticate-oidc';
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly userInfoEndpoint: string;
  readonly clientId: string;
  /** For this rule alone. */
  readonly sealedClientSecret: string;
  readonly sessionCookieName: string;
  readonly scope: string;
  /** Seconds. */
  readonly sessionTimeout: number;
  readonly extraParams: Readonly<Record<string, string>>;
  readonly onUnauthenticated: 'deny' | 'allow' | 'authenticate';
  /** As given. */
  readonly order?: number;
}

/**
 * By which load balancers of a region sign what targets find of users, and seal what clients keep. Made once.
 * `authentication-key/<id>`
 */
export interface AuthenticationKeyRecord {
  /** A UUID, as tokens name it. */
  readonly id: string;
  /** PEM. */
  readonly publicKey: string;
  readonly sealedSigningKey: string;
  readonly sealedCookieKey: string;
}
export const authenticationKeys: Collection<AuthenticationKeyRecord, 'scope' | 'id'> = {
  service,
  noun: 'authentication-key',
  indexes: { scope: (_key, key) => scopeTextOf(key), id: ({ id }) => id },
};
/** `listener/<id>` */
export const listeners: Collection<ListenerRecord, 'loadBalancer' | 'certificate'> = {
  service,
  noun: 'listener',
  indexes: {
    loadBalancer: ({ loadBalancerArn }) => loadBalancerArn,
    certificate: ({ certificateArns }) => certificateArns,
  },
};

export type TargetProtocol = 'HTTP' | 'HTTPS' | 'TCP' | 'TLS' | 'UDP' | 'TCP_UDP';

export interface TargetGroupRecord {
  readonly id: string;
  readonly arn: string;
  readonly name: string;
  readonly targetType: 'ip' | 'instance';
  readonly protocol: TargetProtocol;
  /** Of HTTP and HTTPS. */
  readonly protocolVersion?: 'HTTP1' | 'HTTP2' | 'GRPC';
  readonly port: number;
  readonly vpcId: string;
  readonly healthCheck: HealthCheckRecord;
  /** The load balancer whose listeners send to it, and how many of them do. */
  readonly use?: { readonly loadBalancerArn: string; readonly listenerCount: number };
  readonly attributes: Attributes;
  readonly createdAt: number;
  readonly tags: Tags;
}
export interface HealthCheckRecord {
  readonly protocol: 'HTTP' | 'HTTPS' | 'TCP';
  /** A number, or `traffic-port`. */
  readonly port: string;
  /** Of HTTP and HTTPS. */
  readonly path?: string;
  readonly interval: number;
  readonly timeout: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  /** HTTP statuses, or gRPC's, as given; of HTTP and HTTPS. */
  readonly matcher?: string;
}
/** `target-group/<id>` */
export const targetGroups: Collection<TargetGroupRecord, 'scope' | 'loadBalancer'> = {
  service,
  noun: 'target-group',
  indexes: {
    scope: (_group, key) => scopeTextOf(key),
    loadBalancer: ({ use }) => use?.loadBalancerArn,
  },
};

/** Of a target group; written by whoever registers and deregisters. `target/<target group id>/<port>/<encoded id>` */
export interface TargetRecord {
  readonly targetGroupId: string;
  /** An address, or an instance's id. */
  readonly id: string;
  readonly port: number;
  /** Where it is reached. */
  readonly address: string;
  /** Of an instance: by its own address in the VPC, not at its machine's ports. All of a group are so, or none. */
  readonly isInVpc?: boolean;
  /** `all`: whatever the zone. */
  readonly availabilityZone: string;
  readonly registeredAt: number;
  /** Deregistered: it is gone by then, earlier if it has nothing to answer any more. */
  readonly drainsUntil?: number;
}
export const targets: Collection<TargetRecord, 'targetGroup' | 'target'> = {
  service,
  noun: 'target',
  indexes: { targetGroup: ({ targetGroupId }) => targetGroupId, target: ({ id }) => id },
};

/** What the data plane saw last of a target, written by its reports alone. Same key as the target's. */
export type TargetHealthRecord = { readonly targetGroupId: string } & (
  | { readonly state: 'initial' | 'healthy' }
  | { readonly state: 'unhealthy'; readonly cause: 'timeout' | 'failed' }
  | { readonly state: 'unhealthy'; readonly cause: 'code-mismatch'; readonly code: number }
  /** It is being deregistered, and has answered everything. */
  | { readonly state: 'drained' }
);
export const targetHealths: Collection<TargetHealthRecord, 'targetGroup'> = {
  service,
  noun: 'target-health',
  indexes: { targetGroup: ({ targetGroupId }) => targetGroupId },
};

export function elbKey<T extends object>(
  collection: Collection<T, string>,
  { accountId, region }: Scope,
  ...ids: readonly string[]
): RecordKey {
  return recordKey(collection, accountId, region, ...ids);
}

export interface TargetIdentity {
  readonly targetGroupId: string;
  readonly id: string;
  readonly port: number;
}

export function targetKey<T extends object>(
  collection: Collection<T, string>,
  scope: Scope,
  { targetGroupId, id, port }: TargetIdentity,
): RecordKey {
  return elbKey(collection, scope, targetGroupId, String(port), encodeURIComponent(id));
}

/** The account and region of a record, from its key. */
export function scopeOfKey(key: RecordKey): Scope {
  const [, , accountId = '', region = ''] = key.split('/');
  return { accountId, region };
}

export const scopeText = ({ accountId, region }: Scope): string => `${accountId}/${region}`;
const scopeTextOf = (key: RecordKey): string => scopeText(scopeOfKey(key));
