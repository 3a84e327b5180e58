import { type Reader, type RecordKey, recordKey } from '../../reconcile/index.ts';
import { isElsewhere, isName, type Scope, serviceName } from './arn.ts';
import { invalidParameter, serviceNotFound } from './errors.ts';
import { type ServiceRecord, services } from './records.ts';

export function serviceKey(scope: Scope, cluster: string, name: string): RecordKey {
  return recordKey(services, scope.accountId, scope.region, cluster, name);
}

/** The service of a cluster that a parameter names (its name or ARN), whatever its status. */
export function findService(
  reader: Reader,
  scope: Scope,
  cluster: string,
  identifier: string,
): ServiceRecord | undefined {
  const name = serviceName(identifier);
  if (!isName(name) || isElsewhere(identifier, scope, cluster)) return undefined;
  return reader.get(services, serviceKey(scope, cluster, name));
}

/** @throws ServiceNotFoundException there is none; InvalidParameterException the identifier is malformed. */
export function requireService(
  reader: Reader,
  scope: Scope,
  cluster: string,
  identifier: string | undefined,
): ServiceRecord {
  if (!identifier) throw invalidParameter('Service identifier can not be blank.');
  const service = findService(reader, scope, cluster, identifier);
  if (service === undefined) throw serviceNotFound();
  return service;
}
