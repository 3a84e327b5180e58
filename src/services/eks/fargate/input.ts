import type { CreateFargateProfileCommandInput, FargateProfileSelector } from '@aws-sdk/client-eks';
import type { Reader } from '../../../reconcile/index.ts';
import { isPublicSubnet, readAwsvpc } from '../../ec2/index.ts';
import { principalEntity } from '../../iam/index.ts';
import { fargateProfileArn, type Scope } from '../arn.ts';
import type { EksContext } from '../context.ts';
import { invalidParameter } from '../errors.ts';
import { constraints, readTags } from '../input.ts';
import type { ClusterRecord } from '../records.ts';
import type { FargateProfileRecord, PodSelector } from './record.ts';

/** "Selectors per Fargate profile" and "Label pairs per Fargate profile selector" (EKS quotas). */
const maxSelectors = 5;
const maxLabels = 5;

/** As trust policies name who runs the pods. */
export const podsService = 'eks-fargate-pods.amazonaws.com';

export type WantedProfile = Pick<FargateProfileRecord, 'name' | 'podExecutionRole' | 'selectors' | 'tags'> & {
  /** None: the cluster's. */
  readonly subnetIds: readonly string[];
};

/** As far as the request alone tells. @throws InvalidParameterException */
export function readFargateProfile(input: CreateFargateProfileCommandInput): WantedProfile {
  const {
    clusterName = '',
    fargateProfileName: name = '',
    podExecutionRoleArn: podExecutionRole = '',
  } = input;
  constraints()
    .text('fargateProfileName', name, {
      minLength: 1,
      maxLength: 100,
      pattern: String.raw`[0-9A-Za-z][A-Za-z0-9\-_]*`,
    })
    .throwIfViolated();
  const about = { clusterName, fargateProfileName: name };
  return {
    ...{ name, podExecutionRole, subnetIds: [...new Set(input.subnets)] },
    selectors: readSelectors(input.selectors, about),
    tags: readTags(input.tags, invalidParameter),
  };
}

interface About {
  readonly clusterName: string;
  readonly fargateProfileName: string;
}

/** @throws InvalidParameterException */
function readSelectors(asked: readonly FargateProfileSelector[] = [], about: About): readonly PodSelector[] {
  if (asked.length === 0) throw invalidParameter('Fargate Profile requires at least one selector.', about);
  if (asked.length > maxSelectors) {
    throw invalidParameter(
      `Fargate Profile cannot have more than ${maxSelectors} selectors, asked for: ${asked.length}`,
      about,
    );
  }
  return asked.map(({ namespace = '', labels = {} }) => {
    if (namespace === '') {
      throw invalidParameter(
        'Fargate Profile must have at least one selector with at least one namespace value.',
        about,
      );
    }
    if (!/^[a-z0-9*?](?:[a-z0-9*?-]{0,61}[a-z0-9*?])?$/.test(namespace))
      throw invalidParameter(`The namespace ${namespace} of the selector is invalid.`, about);
    const pairs = Object.entries(labels);
    if (pairs.length > maxLabels) {
      throw invalidParameter(
        `A selector of a Fargate Profile cannot have more than ${maxLabels} labels, asked for: ${pairs.length}`,
        about,
      );
    }
    for (const [key, value] of pairs) {
      if (!labelKey.test(key)) throw invalidParameter(`Label key ${key} is not a valid label key`, about);
      if (value !== '' && !labelValue.test(value))
        throw invalidParameter(`Label value ${value} of ${key} is not a valid label value`, about);
    }
    return { namespace, labels };
  });
}

/** As Kubernetes has them ("Labels and Selectors"), or patterns for such. */
const labelValue = /^[A-Za-z0-9*?](?:[A-Za-z0-9_.*?-]{0,61}[A-Za-z0-9*?])?$/;
const labelKey =
  /^(?:[a-z0-9*?][a-z0-9.*?-]{0,252}\/)?[A-Za-z0-9*?](?:[A-Za-z0-9_.*?-]{0,61}[A-Za-z0-9*?])?$/;

/**
 * What has to be there: private subnets of the cluster's VPC, of which those of the cluster are taken where none are named, and
 * a role that Fargate may run pods with. @throws InvalidParameterException
 */
export function readPlace(
  { whyNotAssumed }: Pick<EksContext, 'whyNotAssumed'>,
  reader: Reader,
  scope: Scope,
  cluster: ClusterRecord,
  profile: WantedProfile & Pick<FargateProfileRecord, 'id'>,
): Pick<FargateProfileRecord, 'podExecutionRoleId' | 'subnetIds'> {
  const { name: clusterName } = cluster;
  const about = { clusterName, fargateProfileName: profile.name };
  const subnetIds = readSubnets(reader, scope, cluster, profile.subnetIds, about);
  const { podExecutionRole: roleArn } = profile;
  if (!/^arn:aws:iam::\d{12}:role\/.+/.test(roleArn))
    throw invalidParameter(`The podExecutionRoleArn is not a valid role ARN: ${roleArn}`, about);
  const podExecutionRoleId = principalEntity(reader, roleArn)?.id;
  if (podExecutionRoleId === undefined)
    throw invalidParameter(`The role with name ${roleArn.split('/').at(-1)} cannot be found.`, about);
  const sourceArn = fargateProfileArn(scope, { clusterName, name: profile.name, id: profile.id });
  if (whyNotAssumed(scope, { roleArn, service: podsService, sourceArn }) !== undefined) {
    throw invalidParameter(
      `Misconfigured PodExecutionRole Trust Policy; Please add the ${podsService} Service Principal`,
      about,
    );
  }
  return { podExecutionRoleId, subnetIds };
}

function readSubnets(
  reader: Reader,
  scope: Scope,
  cluster: ClusterRecord,
  asked: readonly string[],
  about: About,
): readonly string[] {
  const found = readAwsvpc(reader, scope, {
    ...{ subnets: asked.length > 0 ? asked : cluster.subnetIds, securityGroups: [] },
  });
  if (found.type === 'subnet-missing')
    throw invalidParameter(`The subnet ID '${found.id}' does not exist`, about);
  if (found.type !== 'found' || found.vpcId !== cluster.vpcId)
    throw invalidParameter(
      `Subnets are not in the VPC of the cluster: use subnets of ${cluster.vpcId}`,
      about,
    );
  const isPrivate = found.subnets.map((subnet) => !isPublicSubnet(reader, subnet));
  const firstPublic = found.subnets[isPrivate.indexOf(false)];
  if (asked.length > 0 && firstPublic !== undefined)
    throw invalidParameter(
      `Subnet ${firstPublic.id} provided in Fargate Profile is not a private subnet`,
      about,
    );
  const ids = found.subnets.filter((_, at) => isPrivate[at]).map(({ id }) => id);
  if (ids.length > 0) return ids;
  throw invalidParameter(
    `None of the subnets of the cluster ${cluster.name} is a private subnet: name one whose route table has no route to an internet gateway`,
    about,
  );
}
