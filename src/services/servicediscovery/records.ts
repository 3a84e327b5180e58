import type { Collection, RecordKey } from '../../reconcile/index.ts';
import { recordKey } from '../../reconcile/index.ts';
import type { Scope } from './arn.ts';

/**
 * What Cloud Map keeps in the store: namespaces, services, instances, and the operations that change them. There are no
 * DNS records: what a zone answers follows from the instances (`zone-answers.ts`).
 *
 * Times are epoch milliseconds, TTLs seconds.
 */
export interface NamespaceRecord {
  /** `ns-…`. */
  readonly id: string;
  readonly name: string;
  readonly type: 'HTTP' | 'DNS_PRIVATE';
  readonly description?: string;
  /** By which instances are discovered: the name, with something after it where two namespaces share one. */
  readonly httpName: string;
  /** Of DNS namespaces. */
  readonly zone?: ZoneRecord;
  /** Written with every service that comes and goes, so that none comes into a namespace that goes. */
  readonly serviceCount: number;
  readonly creatorRequestId: string;
  readonly createdAt: number;
  readonly tags: Tags;
}

/** The private hosted zone of a namespace. */
export interface ZoneRecord {
  readonly hostedZoneId: string;
  readonly vpcId: string;
  readonly soaTtl: number;
}

export type Tags = Readonly<Record<string, string>>;

export const recordTypes = ['A', 'AAAA', 'CNAME', 'SRV'] as const;
export type DnsRecordType = (typeof recordTypes)[number];

export interface ServiceRecord {
  /** `srv-…`. */
  readonly id: string;
  readonly name: string;
  readonly namespaceId: string;
  readonly description?: string;
  /** Absent: discovered by the API alone. */
  readonly dns?: ServiceDnsRecord;
  readonly hasCustomHealthCheck: boolean;
  readonly attributes: Tags;
  /** Grows with every instance that comes, changes or goes. */
  readonly instancesRevision: number;
  readonly creatorRequestId: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly tags: Tags;
}

export interface ServiceDnsRecord {
  readonly routingPolicy: 'MULTIVALUE' | 'WEIGHTED';
  readonly records: readonly { readonly type: DnsRecordType; readonly ttl: number }[];
}

export interface InstanceRecord {
  readonly id: string;
  readonly serviceId: string;
  readonly namespaceId: string;
  readonly attributes: Tags;
  readonly health: InstanceHealth;
  readonly creatorRequestId: string;
  readonly createdBy: string;
}

export type CustomHealth = 'HEALTHY' | 'UNHEALTHY';

/** See `health.ts`. */
export interface InstanceHealth {
  readonly status: CustomHealth;
  /** What was asked for since, and counts some time later. */
  readonly next?: { readonly status: CustomHealth; readonly at: number };
}

export interface OperationRecord {
  readonly id: string;
  readonly status: 'SUBMITTED' | 'SUCCESS' | 'FAIL';
  readonly work: Work;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Of FAIL. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** What an operation does when its turn comes. */
export type Work =
  | { readonly type: 'CREATE_NAMESPACE'; readonly namespace: NamespaceRecord }
  | {
      readonly type: 'UPDATE_NAMESPACE';
      readonly namespaceId: string;
      readonly description?: string;
      readonly soaTtl?: number;
    }
  | { readonly type: 'DELETE_NAMESPACE'; readonly namespaceId: string }
  | {
      readonly type: 'UPDATE_SERVICE';
      readonly namespaceId: string;
      readonly serviceId: string;
      readonly description?: string;
      readonly records: ServiceDnsRecord['records'];
    }
  | { readonly type: 'REGISTER_INSTANCE'; readonly instance: InstanceRecord }
  | {
      readonly type: 'DEREGISTER_INSTANCE';
      readonly namespaceId: string;
      readonly serviceId: string;
      readonly instanceId: string;
    };

/** What the work is about, by AWS's names. */
export function targetsOf(work: Work): { NAMESPACE?: string; SERVICE?: string; INSTANCE?: string } {
  switch (work.type) {
    case 'CREATE_NAMESPACE':
      return { NAMESPACE: work.namespace.id };
    case 'UPDATE_NAMESPACE':
    case 'DELETE_NAMESPACE':
      return { NAMESPACE: work.namespaceId };
    case 'UPDATE_SERVICE':
      return { SERVICE: work.serviceId };
    case 'REGISTER_INSTANCE':
      return { SERVICE: work.instance.serviceId, INSTANCE: work.instance.id };
    case 'DEREGISTER_INSTANCE':
      return { SERVICE: work.serviceId, INSTANCE: work.instanceId };
  }
}

/** The namespace in which it happens. */
export function namespaceOf(work: Work): string {
  if (work.type === 'CREATE_NAMESPACE') return work.namespace.id;
  return work.type === 'REGISTER_INSTANCE' ? work.instance.namespaceId : work.namespaceId;
}

const service = 'servicediscovery';

/** `namespace/<id>` */
export const namespaces: Collection<NamespaceRecord, 'scope' | 'httpName' | 'vpc'> = {
  service,
  noun: 'namespace',
  indexes: {
    scope: (_namespace, key) => scopeTextOf(key),
    httpName: ({ httpName }, key) => `${scopeTextOf(key)} ${httpName}`,
    vpc: ({ zone }) => zone?.vpcId,
  },
};

/** `service/<id>` */
export const services: Collection<ServiceRecord, 'scope' | 'namespace' | 'name'> = {
  service,
  noun: 'service',
  indexes: {
    scope: (_service, key) => scopeTextOf(key),
    namespace: ({ namespaceId }) => namespaceId,
    // Without case, as DNS compares names.
    name: ({ namespaceId, name }) => serviceNameIndex(namespaceId, name),
  },
};
export const serviceNameIndex = (namespaceId: string, name: string): string =>
  `${namespaceId} ${name.toLowerCase()}`;

/** `instance/<service's id>/<encoded id>` */
export const instances: Collection<InstanceRecord, 'service' | 'namespace'> = {
  service,
  noun: 'instance',
  indexes: {
    service: ({ serviceId }) => serviceId,
    namespace: ({ namespaceId }) => namespaceId,
  },
};

/** `operation/<id>` */
export const operations: Collection<OperationRecord, 'scope' | 'underWay'> = {
  service,
  noun: 'operation',
  indexes: {
    scope: (_operation, key) => scopeTextOf(key),
    underWay: (operation, key) =>
      operation.status === 'SUBMITTED' ? underWayBy(operation.work, key) : undefined,
  },
};

/** What an operation under way is found by. */
function underWayBy(work: Work, key: RecordKey): readonly string[] {
  const { NAMESPACE, SERVICE, INSTANCE } = targetsOf(work);
  return [
    underWay.inNamespace(namespaceOf(work)),
    ...(NAMESPACE === undefined ? [] : [underWay.onNamespace(NAMESPACE)]),
    ...(SERVICE === undefined ? [] : [underWay.inService(SERVICE)]),
    ...(SERVICE === undefined || INSTANCE !== undefined ? [] : [underWay.onService(SERVICE)]),
    ...(SERVICE === undefined || INSTANCE === undefined ? [] : [underWay.onInstance(SERVICE, INSTANCE)]),
    ...(work.type === 'CREATE_NAMESPACE' ? [underWay.onName(scopeOfKey(key), work.namespace)] : []),
  ];
}

/** By which operations under way are found: those on something, and those on whatever is in it, too. */
export const underWay = {
  inNamespace: (id: string): string => `in ${id}`,
  onNamespace: (id: string): string => `on ${id}`,
  inService: (id: string): string => `in ${id}`,
  onService: (id: string): string => `on ${id}`,
  onInstance: (serviceId: string, id: string): string => `on ${serviceId} ${id}`,
  onName: (scope: Scope, namespace: Pick<NamespaceRecord, 'name' | 'zone'>): string =>
    `on ${takenName(scope, namespace)}`,
} as const;

/** Namespaces of which there can't be two: an HTTP one by its name, a DNS one by its name in its VPC. */
export function takenName(scope: Scope, { name, zone }: Pick<NamespaceRecord, 'name' | 'zone'>): string {
  return `${scopeText(scope)} ${zone?.vpcId ?? 'http'} ${zone === undefined ? name : name.toLowerCase()}`;
}

export const scopeText = ({ accountId, region }: Scope): string => `${accountId}/${region}`;
const scopeTextOf = (key: RecordKey): string => scopeText(scopeOfKey(key));

export const namespaceKey = (scope: Scope, id: string): RecordKey =>
  recordKey(namespaces, scope.accountId, scope.region, id);
export const serviceKey = (scope: Scope, id: string): RecordKey =>
  recordKey(services, scope.accountId, scope.region, id);
export const instanceKey = (scope: Scope, serviceId: string, id: string): RecordKey =>
  recordKey(instances, scope.accountId, scope.region, serviceId, encodeURIComponent(id));
export const operationKey = (scope: Scope, id: string): RecordKey =>
  recordKey(operations, scope.accountId, scope.region, id);

/** The account and region of a record, from its key. */
export function scopeOfKey(key: RecordKey): Scope {
  const [, , accountId = '', region = ''] = key.split('/');
  return { accountId, region };
}
