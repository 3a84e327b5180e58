import type { Reader } from '../../../reconcile/index.ts';
import { daemonParts, isForeign, isName, type Scope } from '../arn.ts';
import { ecsRefusal } from '../errors.ts';
import {
  type DaemonDeploymentRecord,
  type DaemonRecord,
  type DaemonRevisionRecord,
  daemonDeploymentKey,
  daemonDeployments,
  daemonKey,
  daemonRevisionKey,
  daemonRevisions,
  daemons,
} from '../records.ts';

/** @throws InvalidParameterException it is no daemon's ARN; DaemonNotFoundException */
export function requireDaemon(reader: Reader, scope: Scope, arn: string | undefined): DaemonRecord {
  const [cluster = '', name = ''] = daemonParts(arn, 'daemon');
  const isOwn = isName(cluster) && isName(name) && !isForeign(arn ?? '', scope);
  const found = isOwn ? reader.get(daemons, daemonKey(scope, cluster, name)) : undefined;
  if (found === undefined) throw ecsRefusal('DaemonNotFoundException', 'The specified daemon was not found.');
  return found;
}

/** @throws as `requireDaemon`; DaemonNotActiveException */
export function requireActiveDaemon(reader: Reader, scope: Scope, arn: string | undefined): DaemonRecord {
  const found = requireDaemon(reader, scope, arn);
  if (found.status !== 'ACTIVE')
    throw ecsRefusal('DaemonNotActiveException', 'The specified daemon is not active.');
  return found;
}

export function revisionOf(
  reader: Reader,
  scope: Scope,
  { cluster, name }: Pick<DaemonRecord, 'cluster' | 'name'>,
  id: string | undefined,
): DaemonRevisionRecord | undefined {
  return id === undefined
    ? undefined
    : reader.get(daemonRevisions, daemonRevisionKey(scope, cluster, name, id));
}

export function deploymentOf(
  reader: Reader,
  scope: Scope,
  { cluster, name, deploymentId }: DaemonRecord,
): DaemonDeploymentRecord | undefined {
  return reader.get(daemonDeployments, daemonDeploymentKey(scope, cluster, name, deploymentId));
}

/** It still has something to do. */
export const isUnderWay = ({ status }: DaemonDeploymentRecord): boolean =>
  status === 'IN_PROGRESS' || status === 'ROLLBACK_IN_PROGRESS';
