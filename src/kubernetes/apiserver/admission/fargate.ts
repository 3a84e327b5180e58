import { computeType, profileLabel } from '../../../services/eks/index.ts';
import { type Draft, ensured, itemsOf } from '../../kinds/kind.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import type { Plugin } from './attributes.ts';

/** The name of the Fargate profile by which a new pod runs; undefined: it does not run on Fargate. */
export type FargateProfileOf = (pod: {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}) => string | undefined;

const pods = resourceNamed('', 'pods');

/** Whose pods are that EKS runs on Fargate. */
export const fargateSchedulerName = 'fargate-scheduler';

/**
 * What EKS's webhook of this name makes of a new pod that a Fargate profile selects. Pods of DaemonSets are for nodes that are
 * there, those that say `eks.amazonaws.com/compute-type: ec2` for others, and those that have a node for that one.
 */
export function fargate({ fargateProfileOf }: { readonly fargateProfileOf: FargateProfileOf }): Plugin {
  return {
    name: '0500-amazon-eks-fargate-mutation.amazonaws.com',
    handles: ({ operation, resource, subresource }) =>
      operation === 'CREATE' && resource === pods && subresource === undefined,
    mutate: ({ draft, namespace = '' }) => {
      if (draft === undefined || !isForFargate(draft)) return undefined;
      const labels = Object.entries(draft.metadata.labels ?? {}).map(([key, value]) => [key, String(value)]);
      const profile = fargateProfileOf({ namespace, labels: Object.fromEntries(labels) });
      if (profile === undefined) return undefined;
      ensured(draft.metadata, 'labels')[profileLabel] = profile;
      Object.assign(ensured(draft, 'spec'), {
        ...{ schedulerName: fargateSchedulerName, priorityClassName: 'system-node-critical' },
        ...{ priority: 2_000_001_000, preemptionPolicy: 'PreemptLowerPriority' },
      });
      return undefined;
    },
  };
}

function isForFargate(pod: Draft): boolean {
  const { annotations = {} } = pod.metadata;
  const { nodeName = '' } = ensured(pod, 'spec');
  const owners = itemsOf(pod.metadata, 'ownerReferences');
  return (
    nodeName === '' &&
    (annotations as Record<string, unknown>)[computeType.key] !== 'ec2' &&
    !owners.some(({ kind, controller }) => kind === 'DaemonSet' && controller === true)
  );
}
