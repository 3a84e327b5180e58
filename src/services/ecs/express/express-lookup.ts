import type { Reader } from '../../../reconcile/index.ts';
import { clusterName, clusterOfArn, isForeign, isName, type Scope, serviceName } from '../arn.ts';
import { requireCluster } from '../cluster-lookup.ts';
import { ecsRefusal, invalidParameter, serviceNotFound } from '../errors.ts';
import { type ServiceRecord, services } from '../records.ts';
import { serviceKey } from '../service-lookup.ts';
import { type ExpressServiceRecord, expressServiceKey, expressServices } from './records.ts';

export interface ExpressService {
  readonly express: ExpressServiceRecord;
  readonly service: ServiceRecord;
}

/** @param identifier Its ARN, or its name in the cluster `default`. */
export function findExpressService(
  reader: Reader,
  scope: Scope,
  identifier: string | undefined,
): ExpressService | undefined {
  if (!identifier) throw invalidParameter('serviceArn can not be blank.');
  const name = serviceName(identifier);
  if (!isName(name) || isForeign(identifier, scope)) return undefined;
  const cluster = clusterOfExpress(identifier);
  const express = reader.get(expressServices, expressServiceKey(scope, cluster, name));
  const service = reader.get(services, serviceKey(scope, cluster, name));
  return express && service && { express, service };
}

/**
 * One that is ACTIVE.
 * @throws ServiceNotFoundException, ServiceNotActiveException, ClusterNotFoundException
 */
export function requireExpressService(
  reader: Reader,
  scope: Scope,
  identifier: string | undefined,
): ExpressService {
  requireCluster(reader, scope, clusterOfExpress(identifier));
  const found = findExpressService(reader, scope, identifier);
  if (found === undefined) throw serviceNotFound();
  const { status } = found.service;
  if (status === 'DRAINING') throw ecsRefusal('ServiceNotActiveException', 'Service is in DRAINING status.');
  if (status === 'INACTIVE')
    throw ecsRefusal(
      'ServiceNotActiveException',
      'Cannot perform this operation on a service in INACTIVE status.',
    );
  return found;
}

export const clusterOfExpress = (identifier = ''): string =>
  clusterOfArn(identifier) ?? clusterName(undefined);
