import type { CreateClusterCommandInput } from '@aws-sdk/client-eks';
import type { Reader } from '../../reconcile/index.ts';
import {
  type Asks,
  authorizationOf,
  type Keys,
  passRoles,
  type Row,
  requestTagKeys,
  resourceTagKeys,
} from '../authorization-row.ts';
import { clusterArn } from './arn.ts';
import { findTagged } from './tagged.ts';

interface OnCluster {
  readonly name?: string | undefined;
}
interface InCluster {
  readonly clusterName?: string | undefined;
}
interface OnResource {
  readonly resourceArn?: string | undefined;
}

/**
 * What the operations are authorised on and with (Service Authorization Reference, "Actions, resources, and condition
 * keys for Amazon Elastic Kubernetes Service").
 */
export function eksAuthorization(reader: Reader) {
  const tags: Keys<unknown> = (_input, call, resource) =>
    resourceTagKeys(findTagged(reader, call, resource)?.tags);
  const untagged: Keys<{ readonly tagKeys?: readonly string[] | undefined }> = ({ tagKeys = [] }) => ({
    'aws:TagKeys': tagKeys,
  });
  const resource = ({ resourceArn }: OnResource): readonly string[] => [resourceArn ?? '*'];
  return {
    everything: authorizationOf<object>({ on: () => ['*'] }),
    inCluster: authorizationOf(inCluster(reader)),
    cluster: authorizationOf<OnCluster>({
      on: ({ name = '*' }, call) => [clusterArn(call, name)],
      keys: [tags],
    }),
    created: authorizationOf<CreateClusterCommandInput>({
      on: ({ name = '*' }, call) => [clusterArn(call, name)],
      keys: [requestTags, created],
      asks: [passesRole],
    }),
    listedTags: authorizationOf<OnResource>({ on: resource, keys: [tags] }),
    tagged: authorizationOf<OnResource & { readonly tags?: Record<string, string> | undefined }>({
      ...{ on: resource, keys: [tags, requestTags] },
    }),
    untagged: authorizationOf<OnResource & { readonly tagKeys?: string[] | undefined }>({
      ...{ on: resource, keys: [tags, untagged] },
    }),
  };
}

/** Of operations that are on the cluster which their `clusterName` names. */
export const inCluster = <Input extends InCluster>(
  reader: Reader,
  ...keys: readonly Keys<Input>[]
): Row<Input> => ({
  on: ({ clusterName = '*' }, call) => [clusterArn(call, clusterName)],
  keys: [(_input, call, resource) => resourceTagKeys(findTagged(reader, call, resource)?.tags), ...keys],
});

export const requestTags: Keys<{ readonly tags?: Readonly<Record<string, string>> | undefined }> = ({
  tags: given = {},
}) => (Object.keys(given).length === 0 ? {} : requestTagKeys(given));

const created: Keys<CreateClusterCommandInput> = ({
  accessConfig = {},
  bootstrapSelfManagedAddons = true,
  upgradePolicy = {},
  computeConfig = {},
  kubernetesNetworkConfig = {},
  storageConfig = {},
}) => ({
  'eks:authenticationMode': accessConfig.authenticationMode ?? 'API',
  'eks:bootstrapClusterCreatorAdminPermissions': String(
    accessConfig.bootstrapClusterCreatorAdminPermissions ?? true,
  ),
  'eks:bootstrapSelfManagedAddons': String(bootstrapSelfManagedAddons),
  'eks:supportType': upgradePolicy.supportType ?? 'EXTENDED',
  'eks:computeConfigEnabled': String(computeConfig.enabled ?? false),
  'eks:elasticLoadBalancingEnabled': String(kubernetesNetworkConfig.elasticLoadBalancing?.enabled ?? false),
  'eks:blockStorageEnabled': String(storageConfig.blockStorage?.enabled ?? false),
});

const passesRole: Asks<CreateClusterCommandInput> = ({ roleArn }, call) =>
  passRoles([roleArn], 'eks.amazonaws.com', call);
