import type { Category, InsightStatusValue } from '@aws-sdk/client-eks';
import { addonEntry, compatibleVersions } from '../addons/catalogue.ts';
import { minorSteps } from '../clusters/versions.ts';
import type { Finding } from './record.ts';

/** A cluster as the checks look at it. */
export interface CheckedCluster {
  readonly version: string;
  readonly nodes: readonly { readonly name: string; readonly version: string }[];
  readonly addons: readonly { readonly name: string; readonly version: string; readonly arn: string }[];
  /** For people. */
  readonly issues: readonly string[];
}

/** A version that a cluster might get. */
export interface Target {
  readonly category: Extract<Category, 'ROLLBACK_READINESS' | 'UPGRADE_READINESS'>;
  readonly version: string;
  /** Clusters can have it here. */
  readonly isServed: boolean;
}

/** What is checked, in AWS's words. */
export const checkTexts = {
  addons: {
    name: 'EKS add-on version compatibility',
    description:
      'Checks version of installed EKS add-ons to ensure they are compatible with the next version of Kubernetes. ',
    recommendation: 'Upgrade EKS add-on versions to a compatible version before upgrading.',
    additionalInfo: {
      'Managing EKS add-ons': 'https://docs.aws.amazon.com/eks/latest/userguide/managing-add-ons.html',
    },
  },
  health: {
    name: 'Cluster health issues',
    description:
      'Checks for any cluster health issues that prevent successful upgrade to the next Kubernetes version on EKS.',
    recommendation: 'Resolve the health issues of the cluster before upgrading.',
    additionalInfo: {
      'Cluster health FAQs and error codes with resolution paths':
        'https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html#cluster-health-status',
    },
  },
  kubelet: {
    name: 'Kubelet version skew',
    description:
      'Checks for kubelet versions of worker nodes in the cluster to see if upgrade would cause noncompliance with supported Kubernetes kubelet version skew policy.',
    recommendation:
      'Upgrade your worker nodes to match the Kubernetes version of your cluster control plane.',
    additionalInfo: {
      'Kubelet version skew policy': 'https://kubernetes.io/releases/version-skew-policy/#kubelet',
      'Updating a managed node group':
        'https://docs.aws.amazon.com/eks/latest/userguide/update-managed-node-group.html',
    },
  },
  kubeProxy: {
    name: 'kube-proxy version skew',
    description:
      'Checks version of kube-proxy in cluster to see if upgrade would cause noncompliance with supported Kubernetes kube-proxy version skew policy.',
    recommendation:
      'Upgrade kube-proxy in your cluster to match the Kubernetes version of your cluster control plane.',
    additionalInfo: {
      'kube-proxy version skew policy': 'https://kubernetes.io/releases/version-skew-policy/#kube-proxy',
    },
  },
} as const;

/** What there is to say of a cluster and a version that it might get. */
export const findings = (cluster: CheckedCluster, target: Target): readonly Finding[] => [
  kubeletSkew(cluster, target),
  kubeProxySkew(cluster, target),
  health(cluster, target),
  addonCompatibility(cluster, target),
];

/** So many minor versions kubelet and kube-proxy may be older than the API server; never newer. */
const mostSteps = 3;

/** ERROR: not with that version; WARNING: not with the one after it. */
function skewOf(own: string, { category, version }: Target): InsightStatusValue {
  const steps = minorSteps(own, version);
  if (steps < 0 || steps > mostSteps) return 'ERROR';
  return category === 'UPGRADE_READINESS' && steps === mostSteps ? 'WARNING' : 'PASSING';
}

function kubeletSkew({ version, nodes }: CheckedCluster, target: Target): Finding {
  const skewed = nodes.map((node) => ({ ...node, status: skewOf(node.version, target) }));
  const status = worst(skewed.map((it) => it.status));
  const others = nodes.some((node) => node.version !== version);
  return {
    ...{ ...of('kubelet', target), status },
    reason:
      status !== 'PASSING'
        ? `Node kubelet versions would not be supported by the Kubernetes version ${unsupported(status, target)}.`
        : others
          ? 'Node kubelet versions are within the supported version skew.'
          : 'Node kubelet versions match the cluster control plane version.',
    resources: skewed
      .filter((it) => it.status !== 'PASSING')
      .map((it) => ({ status: it.status, uri: `/api/v1/nodes/${it.name}` })),
  };
}

/** Nodes bring it along; where its add-on is there, that says which version it is. */
function kubeProxySkew({ version, nodes, addons }: CheckedCluster, target: Target): Finding {
  const addon = addons.find(({ name }) => name === 'kube-proxy');
  const versions = addon === undefined ? nodes.map((node) => node.version) : [minorOfAddon(addon.version)];
  const status = worst(versions.map((own) => skewOf(own, target)));
  return {
    ...{ ...of('kubeProxy', target), status },
    reason:
      status !== 'PASSING'
        ? `kube-proxy versions would not be supported by the Kubernetes version ${unsupported(status, target)}.`
        : versions.some((own) => own !== version)
          ? 'kube-proxy versions are within the supported version skew.'
          : 'kube-proxy versions match the cluster control plane version.',
    resources: status === 'PASSING' || addon === undefined ? [] : [{ status, arn: addon.arn }],
  };
}

/** `1.36` of `v1.36.0-eksbuild.1`. */
const minorOfAddon = (version: string): string => /^v(\d+\.\d+)\./.exec(version)?.[1] ?? version;

const unsupported = (status: InsightStatusValue, { version }: Target): string =>
  status === 'ERROR' ? version : `after ${version}`;

function health({ issues }: CheckedCluster, target: Target): Finding {
  const isWell = issues.length === 0;
  return {
    ...{ ...of('health', target), status: isWell ? 'PASSING' : 'ERROR', resources: [] },
    reason: isWell
      ? 'No cluster health issues detected.'
      : `Cluster health issues detected: ${issues.join(' ')}`,
  };
}

function addonCompatibility({ addons }: CheckedCluster, target: Target): Finding {
  if (!target.isServed) {
    return {
      ...{ ...of('addons', target), status: 'UNKNOWN', resources: [] },
      reason: `Clusters can't have Kubernetes ${target.version} yet.`,
    };
  }
  const wrong = addons.flatMap((addon) => {
    const entry = addonEntry(addon.name);
    const compatible = entry === undefined ? [] : compatibleVersions(entry, target.version);
    return compatible.includes(addon.version) ? [] : [{ ...addon, compatible }];
  });
  const isWell = wrong.length === 0;
  return {
    ...{ ...of('addons', target), status: isWell ? 'PASSING' : 'ERROR' },
    reason: isWell
      ? 'All installed EKS add-on versions are compatible with next Kubernetes version.'
      : `Installed EKS add-on versions are not compatible with Kubernetes ${target.version}.`,
    resources: wrong.map(({ arn }) => ({ status: 'ERROR', arn })),
    addons: wrong.map(({ name, compatible }) => ({ name, compatibleVersions: [...compatible] })),
  };
}

const of = (check: keyof typeof checkTexts, { category, version }: Target) => ({
  ...{ name: checkTexts[check].name, category, version },
});

function worst(statuses: readonly InsightStatusValue[]): InsightStatusValue {
  const found = (['ERROR', 'WARNING'] as const).find((status) => statuses.includes(status));
  return found ?? 'PASSING';
}
