import type { UpdateClusterVersionCommandInput, UpdateClusterVersionResponse } from '@aws-sdk/client-eks';
import type { Call } from '../../service.ts';
import type { EksContext } from '../context.ts';
import { invalidParameter, invalidState } from '../errors.ts';
import { constraints, madeBy } from '../input.ts';
import { lookInto } from '../insights/look-into.ts';
import type { Finding } from '../insights/record.ts';
import type { ClusterRecord } from '../records.ts';
import { type Change, updateCluster } from '../updates/update-of-cluster.ts';
import { rollbackVersion } from './rollback.ts';
import { assertServed, minorSteps, platformVersion } from './versions.ts';

/**
 * One minor version up, or back again; the API server then serves that version.
 * @throws InvalidParameterException, InvalidRequestException, InvalidStateException, ResourceInUseException, ResourceNotFoundException
 */
export async function updateClusterVersion(
  context: EksContext,
  input: UpdateClusterVersionCommandInput,
  call: Call,
): Promise<UpdateClusterVersionResponse> {
  const { name: clusterName = '', version = '', rollbackConfig, force = false } = input;
  constraints()
    .number('rollbackConfig.timeoutMinutes', rollbackConfig?.timeoutMinutes, { min: 120, max: 10_080 })
    .throwIfViolated();
  const now = context.clock.now();
  const update = await updateCluster(
    context,
    call,
    { clusterName, request: madeBy(input) },
    (tx, cluster) => {
      assertServed(version);
      const change = changeTo(cluster, version, now);
      if (rollbackConfig !== undefined && change.type !== 'VersionRollback') {
        throw invalidParameter('The rollbackConfig can only be used with a rollback of the version.', {
          clusterName,
        });
      }
      if (!force) assertReady(lookInto(context, tx, call, cluster), change);
      return change;
    },
  );
  return { update };
}

function changeTo(cluster: ClusterRecord, version: string, now: number): Change {
  const { name: clusterName, version: before } = cluster;
  const params = [
    { type: 'Version' as const, value: version },
    { type: 'PlatformVersion' as const, value: platformVersion },
  ];
  const steps = minorSteps(before, version);
  if (steps === 1) {
    const changed = { ...cluster, version, upgradedFrom: { version: before, at: now } };
    return { type: 'VersionUpdate', params, cluster: changed };
  }
  if (steps === -1 && rollbackVersion(cluster, now) === version) {
    const { upgradedFrom: _, ...changed } = cluster;
    return { type: 'VersionRollback', params, cluster: { ...changed, version } };
  }
  throw invalidParameter(`Unsupported Kubernetes minor version update from ${before} to ${version}`, {
    clusterName,
  });
}

/** What keeps a cluster from a version can be overridden by `force`. @throws InvalidStateException */
function assertReady(found: readonly Finding[], { type, cluster: { name: clusterName } }: Change): void {
  const category = type === 'VersionRollback' ? 'ROLLBACK_READINESS' : 'UPGRADE_READINESS';
  const errors = found.filter((it) => it.category === category && it.status === 'ERROR');
  if (errors.length === 0) return;
  throw invalidState(
    `Cluster ${clusterName} is not ready: ${errors.map(({ name, reason }) => `${name}: ${reason}`).join(' ')} Resolve the insights that are in ERROR, or use force to override them.`,
    { clusterName },
  );
}
