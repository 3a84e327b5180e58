import type {
  Logging,
  UpdateClusterConfigCommandInput,
  UpdateClusterConfigResponse,
  VpcConfigRequest,
} from '@aws-sdk/client-eks';
import { uuid } from '../../../clock/index.ts';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { admitCreator } from '../access-entries/admit-creator.ts';
import type { EksContext } from '../context.ts';
import { invalidParameter } from '../errors.ts';
import { constraints, madeBy } from '../input.ts';
import type { AuthenticationMode, ClusterRecord } from '../records.ts';
import { type Change, updateCluster } from '../updates/update-of-cluster.ts';
import { settleClusterInterfaces } from './cluster-interfaces.ts';
import { authenticationModes, everywhere, readPlace, readPublicAccessCidrs, zonesOf } from './input.ts';
import { loggingView, readLogging } from './logging.ts';
import { refuseUnsupported } from './unsupported.ts';

interface Asked {
  readonly context: EksContext;
  readonly tx: Transaction;
  readonly call: Call;
  readonly input: UpdateClusterConfigCommandInput;
  readonly cluster: ClusterRecord;
  /** Of an entry that the change makes. */
  readonly entryId: string;
  readonly now: number;
}

/**
 * @throws InvalidParameterException, InvalidRequestException, ResourceInUseException, ResourceNotFoundException
 */
export async function updateClusterConfig(
  context: EksContext,
  input: UpdateClusterConfigCommandInput,
  call: Call,
): Promise<UpdateClusterConfigResponse> {
  const asked = { context, call, input, entryId: uuid(context.random), now: context.clock.now() };
  const wanted = { clusterName: input.name ?? '', request: madeBy(input) };
  const update = await updateCluster(context, call, wanted, (tx, cluster) =>
    changeOf({ ...asked, tx, cluster }),
  );
  return { update };
}

/** One kind of change at a time. */
function changeOf(asked: Asked): Change {
  const { input, cluster } = asked;
  const kinds = new Set(
    Object.entries(input).flatMap(([member, value]) =>
      value === undefined || member === 'name' || member === 'clientRequestToken'
        ? []
        : [partsOfAutoMode.has(member) ? 'computeConfig' : member],
    ),
  );
  const about = { clusterName: cluster.name };
  if (kinds.size === 0) throw invalidParameter('The type for cluster update was not provided.', about);
  if (kinds.size > 1) throw onlyOne(cluster);
  const { accessConfig, deletionProtection, logging, resourcesVpcConfig } = input;
  if (accessConfig !== undefined) return accessChange(asked, accessConfig.authenticationMode);
  refuseUnsupported(input);
  if (deletionProtection !== undefined) return protectionChange(asked, deletionProtection);
  if (resourcesVpcConfig !== undefined) return vpcChange(asked, resourcesVpcConfig);
  if (logging !== undefined) return loggingChange(asked, logging);
  throw invalidParameter(`No changes needed for the ${[...kinds].join()} provided`, about);
}

/** They go together. */
const partsOfAutoMode = new Set(['computeConfig', 'kubernetesNetworkConfig', 'storageConfig']);

const onlyOne = ({ name: clusterName }: ClusterRecord) =>
  invalidParameter('Only one type of update can be allowed.', { clusterName });

/** From the ConfigMap to entries, by both, and never back (EKS user guide, "Change authentication mode"). */
const nextMode: Readonly<Record<AuthenticationMode, AuthenticationMode | undefined>> = {
  CONFIG_MAP: 'API_AND_CONFIG_MAP',
  API_AND_CONFIG_MAP: 'API',
  API: undefined,
};

/** Whoever made the cluster gets an entry when there are entries. */
function accessChange({ tx, call, cluster, entryId, now }: Asked, mode: string | undefined): Change {
  const { name: clusterName, authenticationMode: before, creator } = cluster;
  constraints()
    .text('accessConfig.authenticationMode', mode, { isRequired: true, oneOf: authenticationModes })
    .throwIfViolated();
  const next = nextMode[before];
  if (next === undefined || next !== mode) {
    throw invalidParameter(`Unsupported authentication mode update from ${before} to ${mode}`, {
      clusterName,
    });
  }
  if (before === 'CONFIG_MAP' && creator !== undefined)
    admitCreator(tx, call, { clusterName, creator, id: entryId, now });
  return {
    type: 'AccessConfigUpdate',
    params: [{ type: 'AuthenticationMode', value: JSON.stringify(next) }],
    cluster: { ...cluster, authenticationMode: next },
  };
}

function protectionChange({ cluster }: Asked, deletionProtection: boolean): Change {
  if (cluster.deletionProtection === deletionProtection) {
    throw invalidParameter(`Cluster is already at the desired deletionProtection: ${deletionProtection}`, {
      clusterName: cluster.name,
    });
  }
  return {
    type: 'DeletionProtectionUpdate',
    params: [{ type: 'DeletionProtection', value: String(deletionProtection) }],
    cluster: { ...cluster, deletionProtection },
  };
}

function loggingChange({ cluster }: Asked, logging: Logging): Change {
  const before = cluster.logTypes ?? [];
  const logTypes = readLogging(logging, before);
  if (logTypes.join() === before.join())
    throw invalidParameter('No changes needed for the logging config provided', {
      clusterName: cluster.name,
    });
  return {
    type: 'LoggingUpdate',
    params: [{ type: 'ClusterLogging', value: JSON.stringify(loggingView(logTypes)) }],
    cluster: { ...cluster, logTypes },
  };
}

/** Either where the control plane is in the VPC, or who reaches it. */
function vpcChange(asked: Asked, wanted: VpcConfigRequest): Change {
  const isAboutPlace = wanted.subnetIds !== undefined || wanted.securityGroupIds !== undefined;
  const { endpointPrivateAccess, endpointPublicAccess, publicAccessCidrs } = wanted;
  const isAboutEndpoint = [endpointPrivateAccess, endpointPublicAccess, publicAccessCidrs].some(
    (member) => member !== undefined,
  );
  if (isAboutPlace && isAboutEndpoint) throw onlyOne(asked.cluster);
  return isAboutPlace ? placeChange(asked, wanted) : endpointChange(asked, publicAccessCidrs);
}

function endpointChange({ cluster }: Asked, asked: readonly string[] | undefined): Change {
  const present = cluster.publicAccessCidrs ?? everywhere;
  const wanted = asked === undefined ? present : readPublicAccessCidrs(asked);
  if (JSON.stringify(wanted.toSorted()) === JSON.stringify(present.toSorted())) {
    throw invalidParameter(
      `Cluster is already at the desired configuration with endpointPrivateAccess: false , endpointPublicAccess: true, and Public Endpoint Restrictions: [${present.join(', ')}]`,
      { clusterName: cluster.name },
    );
  }
  return {
    type: 'EndpointAccessUpdate',
    params: [
      { type: 'EndpointPublicAccess', value: 'true' },
      { type: 'EndpointPrivateAccess', value: 'false' },
      { type: 'PublicAccessCidrs', value: JSON.stringify(wanted) },
    ],
    cluster: { ...cluster, publicAccessCidrs: wanted },
  };
}

function placeChange({ context, tx, call, cluster }: Asked, wanted: VpcConfigRequest): Change {
  const { subnetIds = [...cluster.subnetIds], securityGroupIds = [...cluster.securityGroupIds] } = wanted;
  const about = { clusterName: cluster.name };
  const place = readPlace(tx, call, { subnetIds, securityGroupIds }, cluster.serviceIpv4Cidr);
  if (place.vpcId !== cluster.vpcId)
    throw invalidParameter('Subnets and security groups must all be in the VPC of the cluster', about);
  const [before, after] = [cluster.subnetIds, subnetIds].map((ids) => zonesOf(tx, call, ids).join(', '));
  if (wanted.subnetIds !== undefined && before !== after) {
    throw invalidParameter(
      `Subnets specified must belong to the exact set of AZs that the cluster was made in: ${before}`,
      about,
    );
  }
  return {
    type: 'VpcConfigUpdate',
    params: [
      { type: 'Subnets', value: JSON.stringify(subnetIds) },
      { type: 'SecurityGroups', value: JSON.stringify(securityGroupIds) },
    ],
    cluster: settleClusterInterfaces(context, tx, call, { ...cluster, subnetIds, securityGroupIds }),
  };
}
