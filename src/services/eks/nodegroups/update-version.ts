import type { UpdateNodegroupVersionCommandInput, UpdateNodegroupVersionResponse } from '@aws-sdk/client-eks';
import type { Call } from '../../service.ts';
import { minorSteps } from '../clusters/versions.ts';
import { type EksContext, requireCluster } from '../context.ts';
import { invalidParameter, unsupported } from '../errors.ts';
import { madeBy } from '../input.ts';
import { releaseVersionOf, versionOfRelease } from './images.ts';
import { updateNodegroup } from './update-of-nodegroup.ts';

/**
 * To the version of its cluster, or another up to that: every node is replaced, some at a time.
 * @throws InvalidParameterException, ResourceInUseException, ResourceNotFoundException
 */
export async function updateNodegroupVersion(
  context: EksContext,
  input: UpdateNodegroupVersionCommandInput,
  call: Call,
): Promise<UpdateNodegroupVersionResponse> {
  const { clusterName = '', nodegroupName = '', releaseVersion, force = false } = input;
  if (input.launchTemplate !== undefined) throw unsupported('Launch templates of node groups are');
  const named = { clusterName, nodegroupName, request: madeBy(input) };
  const update = await updateNodegroup(context, call, named, (tx, present) => {
    const cluster = requireCluster(tx, call, clusterName);
    const version = input.version ?? (releaseVersion && versionOfRelease(releaseVersion)) ?? cluster.version;
    if (minorSteps(version, cluster.version) < 0) {
      throw invalidParameter(
        `Requested Nodegroup version ${version} is greater than the version of the cluster, ${cluster.version}`,
        named,
      );
    }
    if (minorSteps(present.version, version) < 0 || minorSteps(present.version, version) > 1) {
      throw invalidParameter(
        `Node group version ${present.version} can't be updated to ${version}: one minor version up at a time`,
        named,
      );
    }
    const release = releaseVersionOf(version);
    if (releaseVersion !== undefined && releaseVersion !== release) {
      throw invalidParameter(
        `Requested release version ${releaseVersion} is not valid for kubernetes version ${version}: it is ${release}`,
        named,
      );
    }
    return {
      type: 'VersionUpdate',
      params: [
        { type: 'Version', value: version },
        { type: 'ReleaseVersion', value: release },
      ],
      nodegroup: { ...present, version, releaseVersion: release, ...(force && { isForced: true }) },
    };
  });
  return { update };
}
