import type {
  CreateClusterCommandInput,
  UpdateClusterConfigCommandInput,
  UpdateClusterVersionCommandInput,
} from '@aws-sdk/client-eks';
import type { Reader } from '../../../reconcile/index.ts';
import {
  type Asks,
  authorizationOf,
  type Keys,
  passRoles,
  resourceTagKeys,
} from '../../authorization-row.ts';
import type { ConditionKeys } from '../../service.ts';
import { clusterArn } from '../arn.ts';
import { requestTags } from '../authorization.ts';
import { findTagged } from '../tagged.ts';
import { logTypes } from './logging.ts';
import { defaultVersion } from './versions.ts';

/** What clusters are made and changed with: see `eksAuthorization`. */
export function clusterAuthorization(reader: Reader) {
  const on = (
    { name = '*' }: { readonly name?: string | undefined },
    call: { accountId: string; region: string },
  ) => [clusterArn(call, name)];
  const tags: Keys<unknown> = (_input, call, resource) =>
    resourceTagKeys(findTagged(reader, call, resource)?.tags);
  return {
    created: authorizationOf<CreateClusterCommandInput>({
      ...{ on, keys: [requestTags, configured, created], asks: [passesRole] },
    }),
    configured: authorizationOf<UpdateClusterConfigCommandInput>({ on, keys: [tags, configured] }),
    upgraded: authorizationOf<UpdateClusterVersionCommandInput>({ on, keys: [tags, upgraded] }),
  };
}

const upgraded: Keys<UpdateClusterVersionCommandInput> = ({ version }) => ({
  'eks:kubernetesVersion': version,
});

/** Of what a request says; what it says nothing of has no key. */
const configured: Keys<CreateClusterCommandInput | UpdateClusterConfigCommandInput> = (input) => ({
  'eks:authenticationMode': input.accessConfig?.authenticationMode,
  'eks:supportType': input.upgradePolicy?.supportType,
  'eks:computeConfigEnabled': text(input.computeConfig?.enabled),
  'eks:elasticLoadBalancingEnabled': text(input.kubernetesNetworkConfig?.elasticLoadBalancing?.enabled),
  'eks:blockStorageEnabled': text(input.storageConfig?.blockStorage?.enabled),
  'eks:deletionProtection': text(input.deletionProtection),
  'eks:endpointPrivateAccess': text(input.resourcesVpcConfig?.endpointPrivateAccess),
  'eks:endpointPublicAccess': text(input.resourcesVpcConfig?.endpointPublicAccess),
  'eks:controlPlaneEgressMode': input.resourcesVpcConfig?.controlPlaneEgressMode,
  'eks:controlPlaneScalingTier': input.controlPlaneScalingConfig?.tier,
  'eks:zonalShiftEnabled': text(input.zonalShiftConfig?.enabled),
  'eks:kubeApiServerConfig': given(input.kubeApiServerConfig),
  'eks:kubeSchedulerConfig': given(input.kubeSchedulerConfig),
  'eks:kubeControllerManagerConfig': given(input.kubeControllerManagerConfig),
  ...loggingKeys(input),
});

/** What a cluster has that is made without saying so. */
const created: Keys<CreateClusterCommandInput> = (input) => {
  const { accessConfig = {}, resourcesVpcConfig = {}, encryptionConfig = [] } = input;
  const keyArns = encryptionConfig.flatMap(({ provider }) => provider?.keyArn ?? []);
  return {
    'eks:kubernetesVersion': input.version ?? defaultVersion,
    'eks:authenticationMode': accessConfig.authenticationMode ?? 'API',
    'eks:bootstrapClusterCreatorAdminPermissions': String(
      accessConfig.bootstrapClusterCreatorAdminPermissions ?? true,
    ),
    'eks:bootstrapSelfManagedAddons': String(input.bootstrapSelfManagedAddons ?? true),
    'eks:supportType': input.upgradePolicy?.supportType ?? 'EXTENDED',
    'eks:computeConfigEnabled': String(input.computeConfig?.enabled ?? false),
    'eks:elasticLoadBalancingEnabled': String(
      input.kubernetesNetworkConfig?.elasticLoadBalancing?.enabled ?? false,
    ),
    'eks:blockStorageEnabled': String(input.storageConfig?.blockStorage?.enabled ?? false),
    'eks:deletionProtection': String(input.deletionProtection ?? false),
    'eks:endpointPrivateAccess': String(resourcesVpcConfig.endpointPrivateAccess ?? false),
    'eks:endpointPublicAccess': String(resourcesVpcConfig.endpointPublicAccess ?? true),
    ...(keyArns.length > 0 && { 'eks:encryptionConfigProviderKeyArns': keyArns }),
  };
};

const text = (value: boolean | undefined): string | undefined =>
  value === undefined ? undefined : String(value);

/** Whether it says something of it at all. */
const given = (value: object | undefined): string | undefined => (value === undefined ? undefined : 'true');

function loggingKeys({
  logging,
}: CreateClusterCommandInput | UpdateClusterConfigCommandInput): ConditionKeys {
  const setups = logging?.clusterLogging ?? [];
  return Object.fromEntries(
    logTypes.flatMap((type) => {
      const setup = setups.findLast(({ types = [] }) => types.includes(type));
      return setup === undefined ? [] : [[`eks:loggingType/${type}`, String(setup.enabled ?? false)]];
    }),
  );
}

const passesRole: Asks<CreateClusterCommandInput> = ({ roleArn }, call) =>
  passRoles([roleArn], 'eks.amazonaws.com', call);
