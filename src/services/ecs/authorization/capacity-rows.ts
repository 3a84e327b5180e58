import type { Reader } from '../../../reconcile/index.ts';
import { clusterArn, clusterName, containerInstanceArn } from '../arn.ts';
import { passProviderRole, putIntoCluster, tagOnCreate } from './asks.ts';
import {
  accountSetting,
  capacityProviders,
  ephemeralStorage,
  managedInstances,
  requestTags,
  tagKeys,
} from './request-keys.ts';
import { cluster, resourceTags } from './resource-keys.ts';
import {
  anyResource,
  capacityProviderResources,
  clusterResource,
  clusterResources,
  containerInstanceResources,
  taggedResource,
  targetResources,
} from './resources.ts';
import type { EcsRows } from './row.ts';

/** Clusters, capacity, agents, and what is of the whole account. */
export function capacityRows(reader: Reader) {
  const tags = resourceTags(reader);
  return {
    CreateCapacityProvider: {
      on: ({ name }, call) => capacityProviderResources([name], call),
      keys: [tags, requestTags, managedInstances],
      asks: [
        tagOnCreate('CreateCapacityProvider', ({ name }, call) => capacityProviderResources([name], call)[0]),
        passProviderRole,
        putIntoCluster,
      ],
    },
    CreateCluster: {
      on: ({ clusterName }, call) => clusterResource({ cluster: clusterName }, call),
      keys: [tags, requestTags, capacityProviders, ephemeralStorage],
      asks: [tagOnCreate('CreateCluster', (input, call) => clusterArn(call, clusterName(input.clusterName)))],
    },
    DeleteAccountSetting: { on: anyResource, keys: [accountSetting] },
    DeleteAttributes: { on: targetResources, keys: [tags, cluster] },
    DeleteCapacityProvider: {
      on: ({ capacityProvider }, call) => capacityProviderResources([capacityProvider], call),
      keys: [tags],
      asks: [putIntoCluster],
    },
    DeleteCluster: { on: clusterResource, keys: [tags] },
    DeregisterContainerInstance: { on: clusterResource, keys: [tags] },
    DescribeCapacityProviders: {
      on: ({ capacityProviders }, call) => capacityProviderResources(capacityProviders, call),
      keys: [tags],
    },
    DescribeClusters: { on: ({ clusters }, call) => clusterResources(clusters, call), keys: [tags] },
    DescribeContainerInstances: {
      on: (input, call) => containerInstanceResources(input.cluster, input.containerInstances, call),
      keys: [tags, cluster],
    },
    DiscoverPollEndpoint: { on: anyResource },
    ListAccountSettings: { on: anyResource },
    ListAttributes: { on: clusterResource, keys: [tags] },
    ListClusters: { on: anyResource },
    ListContainerInstances: { on: clusterResource, keys: [tags] },
    ListTagsForResource: { on: taggedResource, keys: [tags] },
    PutAccountSetting: { on: anyResource, keys: [accountSetting] },
    PutAccountSettingDefault: { on: anyResource, keys: [accountSetting] },
    PutAttributes: { on: targetResources, keys: [tags, cluster] },
    PutClusterCapacityProviders: { on: clusterResource, keys: [tags, capacityProviders] },
    RegisterContainerInstance: {
      on: clusterResource,
      keys: [tags, requestTags],
      asks: [
        tagOnCreate('RegisterContainerInstance', ({ cluster }, call) =>
          containerInstanceArn(call, clusterName(cluster), '*'),
        ),
      ],
    },
    SubmitAttachmentStateChanges: { on: clusterResource, keys: [tags] },
    SubmitContainerStateChange: { on: clusterResource, keys: [tags] },
    SubmitTaskStateChange: { on: clusterResource, keys: [tags] },
    TagResource: { on: taggedResource, keys: [tags, requestTags] },
    UntagResource: { on: taggedResource, keys: [tags, tagKeys] },
    UpdateCapacityProvider: {
      on: ({ name }, call) => capacityProviderResources([name], call),
      keys: [tags, managedInstances],
      asks: [passProviderRole, putIntoCluster],
    },
    UpdateCluster: { on: clusterResource, keys: [tags, ephemeralStorage] },
    UpdateClusterSettings: { on: clusterResource, keys: [tags] },
    UpdateContainerAgent: {
      on: (input, call) => containerInstanceResources(input.cluster, [input.containerInstance], call),
      keys: [tags, cluster],
    },
    UpdateContainerInstancesState: {
      on: (input, call) => containerInstanceResources(input.cluster, input.containerInstances, call),
      keys: [tags, cluster],
    },
  } satisfies EcsRows;
}
