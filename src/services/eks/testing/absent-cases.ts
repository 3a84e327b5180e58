import { accountId } from '../../iam/testing/iam-server.ts';
import type { Case } from '../../testing/authorization-suite.ts';
import { region } from '../../testing/guarded.ts';

const arn = (resource: string): readonly string[] => [`arn:aws:eks:${region}:${accountId}:${resource}`];
const inCluster = { clusterName: 'harbor' };
const cluster = arn('cluster/harbor');
const tagged = { 'aws:ResourceTag/team': 'blue' };
const capability = { input: { ...inCluster, capabilityName: 'c' }, on: arn('capability/harbor/c/*') };
const subscription = { input: { id: 's' }, on: arn('eks-anywhere-subscription/s/*') };
const ofCluster = { input: inCluster, on: cluster, keys: tagged };
const everything = { input: {}, on: ['*'] };

/** Of operations about what no cluster has: what is not there has no tags. */
export const absentCases: Readonly<Record<string, Case>> = {
  DeleteCapability: capability,
  DeleteEksAnywhereSubscription: subscription,
  DeregisterCluster: { input: { name: 'lagoon' }, on: arn('cluster/lagoon') },
  DescribeCapability: capability,
  DescribeEksAnywhereSubscription: subscription,
  ListCapabilities: ofCluster,
  ListEksAnywhereSubscriptions: everything,
  UpdateCapability: capability,
  UpdateEksAnywhereSubscription: { input: { id: 's', autoRenew: true }, on: subscription.on },
};

const withoutTags = new Set(['ListEksAnywhereSubscriptions']);

/** Of all of them AWS lists the resource's tags, but of what is about none. */
export const absentListedKeys: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.keys(absentCases).map((name) => [name, withoutTags.has(name) ? [] : ['aws:ResourceTag']]),
);

/** Their resources have none. */
export const absentWithout: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(absentCases)
    .filter(([name, { keys }]) => keys === undefined && !withoutTags.has(name))
    .map(([name]) => [name, ['aws:ResourceTag']]),
);
