import type {
  AMITypes,
  CreateNodegroupCommandInput,
  NodegroupScalingConfig,
  NodegroupUpdateConfig,
  Taint,
} from '@aws-sdk/client-eks';
import type { Reader } from '../../../reconcile/index.ts';
import { instanceType, readAwsvpc } from '../../ec2/index.ts';
import { principalEntity } from '../../iam/index.ts';
import type { Scope } from '../arn.ts';
import type { EksContext } from '../context.ts';
import { invalidParameter, unsupported } from '../errors.ts';
import { constraints, readTags } from '../input.ts';
import type { NodeTaint } from '../nodes/record.ts';
import type { ClusterRecord } from '../records.ts';
import { releaseVersionOf } from './images.ts';
import type { NodegroupRecord, Scaling, UpdateConfig } from './record.ts';

/** "Nodes per managed node group" (EKS quotas). */
const maxNodes = 450;
const maxTaints = 50;

export type WantedNodegroup = Pick<
  NodegroupRecord,
  | 'amiType'
  | 'capacityType'
  | 'diskGiB'
  | 'instanceTypes'
  | 'labels'
  | 'name'
  | 'nodeRole'
  | 'scaling'
  | 'subnetIds'
  | 'tags'
  | 'taints'
  | 'updateConfig'
>;

/** As far as the request alone tells. @throws InvalidParameterException */
export function readNodegroup(
  input: CreateNodegroupCommandInput,
  machineArchitecture: EksContext['machineArchitecture'],
): WantedNodegroup {
  const { clusterName = '', nodegroupName: name = '', nodeRole = '', subnets = [], diskSize } = input;
  constraints()
    .text('nodegroupName', name, {
      minLength: 1,
      maxLength: 63,
      pattern: String.raw`[0-9A-Za-z][A-Za-z0-9\-_]*`,
    })
    .number('diskSize', diskSize, { min: 1, max: 16_384 })
    .list('instanceTypes', input.instanceTypes, { max: 20 })
    .text('capacityType', input.capacityType, { oneOf: ['ON_DEMAND', 'SPOT', 'CAPACITY_BLOCK'] })
    .throwIfViolated();
  refuseUnsupported(input);
  if (subnets.length === 0)
    throw invalidParameter('At least one subnet must be specified', { clusterName, nodegroupName: name });
  const named = input.instanceTypes ?? [];
  const instanceTypes = named.length > 0 ? named : ['t3.medium'];
  return {
    ...{ name, nodeRole, subnetIds: [...new Set(subnets)], instanceTypes },
    amiType: readAmiType(input.amiType, instanceTypes, machineArchitecture),
    capacityType: input.capacityType === 'SPOT' ? 'SPOT' : 'ON_DEMAND',
    diskGiB: diskSize ?? 20,
    scaling: readScaling(input.scalingConfig),
    labels: readLabels(input.labels),
    taints: readTaints(input.taints),
    updateConfig: readUpdateConfig(input.updateConfig),
    tags: readTags(input.tags, invalidParameter),
  };
}

/** @throws InvalidParameterException */
function refuseUnsupported(input: CreateNodegroupCommandInput): void {
  if (input.launchTemplate !== undefined)
    throw unsupported('Launch templates of node groups (say instanceTypes, diskSize and labels instead) are');
  if (input.remoteAccess !== undefined)
    throw unsupported('Remote access to nodes by SSH (kubectl debug node/… and exec reach them) is');
  if (input.nodeRepairConfig?.enabled === true) throw unsupported('Automatic repair of nodes is');
  if (input.warmPoolConfig?.enabled === true) throw unsupported('Warm pools of node groups are');
  if (input.capacityType === 'CAPACITY_BLOCK') throw unsupported('Capacity blocks (use ON_DEMAND) are');
}

/** Of the types, which are of one architecture, that of the machines. @throws InvalidParameterException */
function readAmiType(
  asked: AMITypes | undefined,
  names: readonly string[],
  machineArchitecture: EksContext['machineArchitecture'],
): AMITypes {
  const types = names.map((name) => {
    const type = instanceType(name);
    if (type === undefined) throw invalidParameter(`[${name}] is not a valid instance type`);
    if (type.isAccelerated) {
      throw unsupported(`Instance types with GPUs or other accelerators, as ${name} (use t3, m5 or c5), are`);
    }
    return type;
  });
  const architectures = new Set(types.map(({ architecture }) => architecture));
  if (architectures.size > 1)
    throw invalidParameter('Instance types of different CPU architectures cannot be in one node group');
  const architecture = types[0]?.architecture ?? 'x86_64';
  const own = machineArchitecture();
  if (architecture !== own) {
    throw unsupported(
      `Instance types of the architecture ${architecture}, as ${names[0]}, on machines of ${own} (use ${own === 'x86_64' ? 't3, m5 or c5' : 't4g, m6g or c6g'}) are`,
    );
  }
  const family = architecture === 'arm64' ? 'ARM_64' : 'x86_64';
  if (asked === undefined) return `AL2023_${family}_STANDARD`;
  if (/^WINDOWS_/.test(asked)) throw unsupported(`Nodes of Windows (${asked}) are`);
  if (/NVIDIA|GPU|NEURON/.test(asked)) throw unsupported(`Nodes with accelerators (${asked}) are`);
  if (asked === 'CUSTOM')
    throw invalidParameter('The amiType CUSTOM can only be used with a launch template that names an AMI');
  if (/^AL2_/.test(asked))
    throw invalidParameter(`AMI Type ${asked} is only supported for kubernetes versions 1.32 or earlier`);
  if (asked.includes('ARM_64') !== (architecture === 'arm64'))
    throw invalidParameter(
      `[${names.join(', ')}] is not a valid instance type for requested amiType ${asked}`,
    );
  if (/^BOTTLEROCKET_/.test(asked))
    throw unsupported(`Nodes of Bottlerocket, as ${asked} (use AL2023_${family}_STANDARD), are`);
  return asked;
}

/** All three or none. @throws InvalidParameterException */
function readScaling(asked: NodegroupScalingConfig | undefined): Scaling {
  if (asked === undefined) return { minSize: 2, maxSize: 2, desiredSize: 2 };
  const { minSize, maxSize, desiredSize } = asked;
  if (minSize === undefined || maxSize === undefined || desiredSize === undefined)
    throw invalidParameter('The scalingConfig must have minSize, maxSize and desiredSize');
  return checkScaling({ minSize, maxSize, desiredSize });
}

/** @throws InvalidParameterException */
export function checkScaling(scaling: Scaling): Scaling {
  const { minSize, maxSize, desiredSize } = scaling;
  constraints()
    .number('scalingConfig.minSize', minSize, { min: 0 })
    .number('scalingConfig.maxSize', maxSize, { min: 1 })
    .number('scalingConfig.desiredSize', desiredSize, { min: 0 })
    .throwIfViolated();
  if (minSize > maxSize) throw invalidParameter("Minimum capacity can't be greater than maximum capacity");
  if (desiredSize > maxSize)
    throw invalidParameter(`desired capacity ${desiredSize} can't be greater than max size ${maxSize}`);
  if (desiredSize < minSize)
    throw invalidParameter(`desired capacity ${desiredSize} can't be less than min size ${minSize}`);
  if (maxSize > maxNodes)
    throw invalidParameter(`A node group can have at most ${maxNodes} nodes, asked for: ${maxSize}`);
  return scaling;
}

/** Of ASCII letters, digits and `-_.`, at both ends a letter or digit (Kubernetes, "Labels and Selectors"). */
const labelPart = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const labelPrefix = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** @throws InvalidParameterException */
export function readLabels(labels: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  for (const [key, value] of Object.entries(labels)) {
    checkLabelKey(key);
    if (value !== '' && !labelPart.test(value))
      throw invalidParameter(`Label value ${value} of ${key} is not a valid label value`);
  }
  return labels;
}

/** @throws InvalidParameterException */
export function checkLabelKey(key: string): void {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  const [prefix] = parts;
  const isWellFormed =
    parts.length <= 2 && labelPart.test(name) && (parts.length === 1 || labelPrefix.test(prefix ?? ''));
  if (!isWellFormed) throw invalidParameter(`Label key ${key} is not a valid label key`);
  if (parts.length === 2 && /(?:^|\.)(?:kubernetes\.io|k8s\.io|eks\.amazonaws\.com)$/.test(prefix ?? ''))
    throw invalidParameter(
      `Label cannot contain reserved prefixes [kubernetes.io/, k8s.io/, eks.amazonaws.com/]`,
    );
}

const effects = ['NO_SCHEDULE', 'NO_EXECUTE', 'PREFER_NO_SCHEDULE'] as const;

/** @throws InvalidParameterException */
export function readTaints(taints: readonly Taint[] = []): readonly NodeTaint[] {
  if (taints.length > maxTaints) throw invalidParameter(`A node group can have at most ${maxTaints} taints`);
  const read = taints.map(({ key = '', value, effect: asked }): NodeTaint => {
    const effect = effects.find((it) => it === asked);
    if (effect === undefined) throw invalidParameter(`The effect ${asked} of the taint ${key} is invalid`);
    if (key === '' || !key.split('/').every((part) => labelPart.test(part)))
      throw invalidParameter(`Taint key ${key} is invalid`);
    if (value !== undefined && value !== '' && !labelPart.test(value))
      throw invalidParameter(`Taint value ${value} of ${key} is invalid`);
    return { key, effect, ...(value !== undefined && value !== '' && { value }) };
  });
  if (new Set(read.map(taintIdentity)).size < read.length)
    throw invalidParameter('Taints with the same key and effect are not allowed');
  return read;
}

export const taintIdentity = ({ key, effect }: NodeTaint): string => `${key}:${effect}`;

/** @throws InvalidParameterException */
export function readUpdateConfig(
  asked: NodegroupUpdateConfig | undefined,
  present: UpdateConfig = { maxUnavailable: 1, updateStrategy: 'DEFAULT' },
): UpdateConfig {
  const { maxUnavailable, maxUnavailablePercentage } = asked ?? {};
  constraints()
    .number('updateConfig.maxUnavailable', maxUnavailable, { min: 1, max: 100 })
    .number('updateConfig.maxUnavailablePercentage', maxUnavailablePercentage, { min: 1, max: 100 })
    .text('updateConfig.updateStrategy', asked?.updateStrategy, { oneOf: ['DEFAULT', 'MINIMAL'] })
    .throwIfViolated();
  if (maxUnavailable !== undefined && maxUnavailablePercentage !== undefined)
    throw invalidParameter('Only one of maxUnavailable and maxUnavailablePercentage can be specified');
  const updateStrategy = asked?.updateStrategy ?? present.updateStrategy;
  if (maxUnavailable !== undefined) return { maxUnavailable, updateStrategy };
  if (maxUnavailablePercentage !== undefined) return { maxUnavailablePercentage, updateStrategy };
  return { ...present, updateStrategy };
}

/** What has to be there: the subnets in the cluster's VPC, a role that EC2 may act with. @throws InvalidParameterException */
export function readPlace(
  { whyNotAssumed }: Pick<EksContext, 'whyNotAssumed'>,
  reader: Reader,
  scope: Scope,
  cluster: ClusterRecord,
  { subnetIds, nodeRole, name: nodegroupName }: WantedNodegroup,
): Pick<NodegroupRecord, 'nodeRoleId' | 'releaseVersion' | 'version'> {
  const about = { clusterName: cluster.name, nodegroupName };
  const found = readAwsvpc(reader, scope, { subnets: subnetIds, securityGroups: [] });
  if (found.type === 'subnet-missing')
    throw invalidParameter(`The subnet ID '${found.id}' does not exist`, about);
  if (found.type !== 'found' || found.vpcId !== cluster.vpcId) {
    throw invalidParameter(
      `Subnets are not in the VPC of the cluster: use subnets of ${cluster.vpcId}`,
      about,
    );
  }
  if (!/^arn:aws:iam::\d{12}:role\/.+/.test(nodeRole))
    throw invalidParameter(`The nodeRole is not a valid role ARN: ${nodeRole}`, about);
  const why = whyNotAssumed(scope, {
    ...{ roleArn: nodeRole, service: 'ec2.amazonaws.com', sourceArn: cluster.arn },
  });
  if (why !== undefined) {
    throw invalidParameter(
      `Following required service principals [ec2.amazonaws.com] were not found in the trust relationships of nodeRole ${nodeRole}. ${why}`,
      about,
    );
  }
  const { version } = cluster;
  const nodeRoleId = principalEntity(reader, nodeRole)?.id;
  if (nodeRoleId === undefined)
    throw invalidParameter(`The role with name ${nodeRole.split('/').at(-1)} cannot be found.`, about);
  return { nodeRoleId, version, releaseVersion: releaseVersionOf(version) };
}
