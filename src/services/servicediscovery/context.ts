import type { Clock, Random } from '../../clock/index.ts';
import type { Reader, State } from '../../reconcile/index.ts';
import { readIdOrArn, type Scope } from './arn.ts';
import { namespaceNotFound, serviceNotFound } from './errors.ts';
import {
  type NamespaceRecord,
  namespaceKey,
  namespaces,
  type ServiceRecord,
  serviceKey,
  services,
} from './records.ts';

/** What the Cloud Map room is given by the composition root. */
export interface CloudMapContext {
  readonly state: State;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether an account has a VPC in a region. */
  readonly hasVpc: (reader: Reader, scope: Scope, vpcId: string) => boolean;
}

/** @param idOrArn As requests name it. */
export function findNamespace(reader: Reader, scope: Scope, idOrArn: string): NamespaceRecord | undefined {
  const id = readIdOrArn(scope, 'namespace', idOrArn);
  return id === undefined ? undefined : reader.get(namespaces, namespaceKey(scope, id));
}

/** @param idOrArn As requests name it. */
export function findService(reader: Reader, scope: Scope, idOrArn: string): ServiceRecord | undefined {
  const id = readIdOrArn(scope, 'service', idOrArn);
  return id === undefined ? undefined : reader.get(services, serviceKey(scope, id));
}

/** @throws NamespaceNotFound */
export function requireNamespace(reader: Reader, scope: Scope, idOrArn: string): NamespaceRecord {
  const namespace = findNamespace(reader, scope, idOrArn);
  if (namespace === undefined) throw namespaceNotFound(idOrArn);
  return namespace;
}

/** @throws ServiceNotFound */
export function requireService(reader: Reader, scope: Scope, idOrArn: string): ServiceRecord {
  const service = findService(reader, scope, idOrArn);
  if (service === undefined) throw serviceNotFound(idOrArn);
  return service;
}
