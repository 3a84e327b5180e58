import type { AddonInfo, AddonPodIdentityConfiguration } from '@aws-sdk/client-eks';

/** A function of clusters that is built in, as AWS offers it as an add-on. */
export interface AddonEntry {
  readonly name: AddonName;
  readonly type: 'networking' | 'observability' | 'security';
  readonly owner: 'aws' | 'community';
  /** Newest first. */
  readonly versions: readonly AddonVersion[];
  /** Each node has it; else the control plane. */
  readonly isOfNodes: boolean;
  /** ServiceAccounts of AWS's whose role it acts with here, too. */
  readonly identities: readonly AddonPodIdentityConfiguration[];
}

/** The release of AWS's add-on whose behaviour is to be found here. */
interface AddonVersion {
  readonly version: string;
  /** Of clusters, and whether it is what they get that say nothing of it: in all that it is for. */
  readonly clusterVersions: readonly string[];
}

/** What a cluster can be without: by deleting its add-on. */
export type SwitchedFunction = 'coredns' | 'eks-pod-identity-agent' | 'metrics-server';

export type AddonName = SwitchedFunction | 'kube-proxy' | 'vpc-cni';

/** Where AWS's add-ons have their objects. */
export const addonNamespace = 'kube-system';

const all = ['1.36', '1.35'];

export const addonEntries: readonly AddonEntry[] = [
  {
    ...{ name: 'coredns', type: 'networking', owner: 'aws', isOfNodes: true, identities: [] },
    versions: [{ version: 'v1.13.1-eksbuild.1', clusterVersions: all }],
  },
  {
    ...{ name: 'eks-pod-identity-agent', type: 'security', owner: 'aws', isOfNodes: true, identities: [] },
    versions: [{ version: 'v1.3.10-eksbuild.1', clusterVersions: all }],
  },
  {
    ...{ name: 'kube-proxy', type: 'networking', owner: 'aws', isOfNodes: true, identities: [] },
    versions: [
      { version: 'v1.36.0-eksbuild.1', clusterVersions: ['1.36'] },
      // It may be older than its cluster, never newer.
      { version: 'v1.35.0-eksbuild.1', clusterVersions: all },
    ],
  },
  {
    ...{ name: 'metrics-server', type: 'observability', owner: 'community' },
    ...{ isOfNodes: false, identities: [] },
    versions: [{ version: 'v0.8.0-eksbuild.1', clusterVersions: all }],
  },
  {
    ...{ name: 'vpc-cni', type: 'networking', owner: 'aws', isOfNodes: true },
    identities: [
      {
        serviceAccount: 'aws-node',
        recommendedManagedPolicies: ['arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy'],
      },
    ],
    versions: [{ version: 'v1.21.1-eksbuild.1', clusterVersions: all }],
  },
];

export const addonEntry = (name: string): AddonEntry | undefined =>
  addonEntries.find((it) => it.name === name);

const switched: ReadonlySet<string> = new Set<SwitchedFunction>([
  ...(['coredns', 'eks-pod-identity-agent', 'metrics-server'] as const),
]);

export const isSwitched = (name: AddonName): name is SwitchedFunction => switched.has(name);

/** The version that a cluster gets where none is said, the newest for it; undefined: none is. */
const defaultAddonVersion = (entry: AddonEntry, clusterVersion: string): string | undefined =>
  compatibleVersions(entry, clusterVersion)[0];

/** Newest first. */
export const compatibleVersions = ({ versions }: AddonEntry, clusterVersion: string): readonly string[] =>
  versions
    .filter(({ clusterVersions }) => clusterVersions.includes(clusterVersion))
    .map(({ version }) => version);

/** As DescribeAddonVersions shows it. @param clusterVersion Only what is for it; undefined: everything. */
export function addonInfo(entry: AddonEntry, clusterVersion?: string): AddonInfo {
  const { name, type, owner, versions, identities } = entry;
  return {
    ...{ addonName: name, type, owner, publisher: 'eks', defaultNamespace: addonNamespace },
    addonVersions: versions.flatMap(({ version, clusterVersions }) => {
      const shown = clusterVersions.filter((it) => clusterVersion === undefined || it === clusterVersion);
      if (shown.length === 0) return [];
      return {
        ...{ addonVersion: version, architecture: ['amd64', 'arm64'], computeTypes: ['ec2'] },
        compatibilities: shown.map((it) => ({
          ...{ clusterVersion: it, platformVersions: ['*'] },
          defaultVersion: defaultAddonVersion(entry, it) === version,
        })),
        ...{ requiresConfiguration: false, requiresIamPermissions: identities.length > 0 },
      };
    }),
  };
}
