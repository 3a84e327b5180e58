import type { Service } from '@aws-sdk/client-servicediscovery';
import type { Reader } from '../../../reconcile/index.ts';
import { arnOf, type Scope } from '../arn.ts';
import { instances, type ServiceRecord } from '../records.ts';

/** A service as requests are answered with it. */
export function serviceOf(reader: Reader, scope: Scope, service: ServiceRecord): Service {
  const { id, name, namespaceId, description, dns } = service;
  return {
    Id: id,
    Arn: arnOf(scope, 'service', id),
    ResourceOwner: scope.accountId,
    Name: name,
    NamespaceId: namespaceId,
    ...(description === undefined ? {} : { Description: description }),
    InstanceCount: reader.countByIndex(instances, 'service', id),
    ...(dns && {
      DnsConfig: {
        NamespaceId: namespaceId,
        RoutingPolicy: dns.routingPolicy,
        DnsRecords: dns.records.map(({ type, ttl }) => ({ Type: type, TTL: ttl })),
      },
    }),
    Type: dns === undefined ? 'HTTP' : 'DNS_HTTP',
    ...(service.hasCustomHealthCheck && { HealthCheckCustomConfig: { FailureThreshold: 1 } }),
    CreateDate: new Date(service.createdAt),
    CreatorRequestId: service.creatorRequestId,
    CreatedByAccount: service.createdBy,
  };
}
