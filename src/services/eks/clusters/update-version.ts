import type { UpdateClusterVersionCommandInput, UpdateClusterVersionResponse } from '@aws-sdk/client-eks';
import type { Call } from '../../service.ts';
import type { EksContext } from '../context.ts';
import { invalidParameter } from '../errors.ts';
import { constraints, madeBy } from '../input.ts';
import type { ClusterRecord } from '../records.ts';
import { type Change, updateCluster } from '../updates/update-of-cluster.ts';
import { assertServed, minorSteps, platformVersion } from './versions.ts';

/** For so long a cluster can go back to the version that it had (EKS user guide, "Roll back a cluster version"). */
const rollbackWindowMs = 7 * 24 * 60 * 60 * 1_000;

/**
 * One minor version up, or back again; the API server then serves that version.
 * @throws InvalidParameterException, InvalidRequestException, ResourceInUseException, ResourceNotFoundException
 */
export async function updateClusterVersion(
  context: EksContext,
  input: UpdateClusterVersionCommandInput,
  call: Call,
): Promise<UpdateClusterVersionResponse> {
  const { name: clusterName = '', version = '', rollbackConfig } = input;
  constraints()
    .number('rollbackConfig.timeoutMinutes', rollbackConfig?.timeoutMinutes, { min: 120, max: 10_080 })
    .throwIfViolated();
  const now = context.clock.now();
  const update = await updateCluster(
    context,
    call,
    { clusterName, request: madeBy(input) },
    (_tx, cluster) => {
      assertServed(version);
      const change = changeTo(cluster, version, now);
      if (rollbackConfig !== undefined && change.type !== 'VersionRollback') {
        throw invalidParameter('The rollbackConfig can only be used with a rollback of the version.', {
          clusterName,
        });
      }
      return change;
    },
  );
  return { update };
}

function changeTo(cluster: ClusterRecord, version: string, now: number): Change {
  const { name: clusterName, version: before, upgradedFrom } = cluster;
  const params = [
    { type: 'Version' as const, value: version },
    { type: 'PlatformVersion' as const, value: platformVersion },
  ];
  const steps = minorSteps(before, version);
  if (steps === 1) {
    const changed = { ...cluster, version, upgradedFrom: { version: before, at: now } };
    return { type: 'VersionUpdate', params, cluster: changed };
  }
  if (steps === -1 && upgradedFrom?.version === version && now - upgradedFrom.at < rollbackWindowMs) {
    const { upgradedFrom: _, ...changed } = cluster;
    return { type: 'VersionRollback', params, cluster: { ...changed, version } };
  }
  throw invalidParameter(`Unsupported Kubernetes minor version update from ${before} to ${version}`, {
    clusterName,
  });
}
