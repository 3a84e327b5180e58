import type { Reader, Transaction } from '../../../reconcile/index.ts';
import {
  type DnsRecordType,
  type InstanceRecord,
  instanceKey,
  instances,
  namespaceKey,
  namespaces,
  serviceKey,
  services,
} from '../../servicediscovery/records.ts';
import type { Scope } from '../arn.ts';
import { testNetwork } from './network.ts';

const namespaceId = 'ns-test';

/** A service of Cloud Map, in a private namespace `local` of the test network's VPC. @returns its ARN. */
export function addRegistry(
  tx: Transaction,
  scope: Scope,
  {
    id = 'srv-web',
    recordTypes = ['A'],
    hasCustomHealthCheck = false,
  }: {
    readonly id?: string;
    readonly recordTypes?: readonly DnsRecordType[];
    readonly hasCustomHealthCheck?: boolean;
  } = {},
): string {
  const made = { creatorRequestId: 'test', createdAt: 0, tags: {} };
  tx.put(namespaces, namespaceKey(scope, namespaceId), {
    ...{ id: namespaceId, name: 'local', type: 'DNS_PRIVATE', httpName: 'local', serviceCount: 1 },
    zone: { hostedZoneId: 'Z1', vpcId: testNetwork.vpcId, soaTtl: 15 },
    ...made,
  });
  tx.put(services, serviceKey(scope, id), {
    ...{ id, name: id.replace('srv-', ''), namespaceId, hasCustomHealthCheck, attributes: {} },
    ...(recordTypes.length > 0 && {
      dns: { routingPolicy: 'MULTIVALUE', records: recordTypes.map((type) => ({ type, ttl: 10 })) },
    }),
    ...{ instancesRevision: 0, createdBy: scope.accountId },
    ...made,
  });
  return `arn:aws:servicediscovery:${scope.region}:${scope.accountId}:service/${id}`;
}

/** What is registered, by its id: of all registries. */
export function registered(reader: Reader): ReadonlyMap<string, InstanceRecord> {
  return new Map([...reader.list(instances)].map(({ value }) => [value.id, value]));
}

/** As somebody does who has no business there. */
export function removeRegistry(tx: Transaction, scope: Scope, id = 'srv-web'): void {
  for (const { value } of [...tx.list(instances)]) tx.delete(instances, instanceKey(scope, id, value.id));
  tx.delete(services, serviceKey(scope, id));
}
