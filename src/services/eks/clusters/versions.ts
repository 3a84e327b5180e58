import type {
  ClusterVersionInformation,
  DescribeClusterVersionsCommandInput,
  DescribeClusterVersionsResponse,
  VersionStatus,
} from '@aws-sdk/client-eks';
import type { EksContext } from '../context.ts';
import { invalidParameter } from '../errors.ts';
import { namedPage } from '../pages.ts';

/** A minor version whose API the clusters' control planes serve. */
interface ServedVersion {
  readonly version: string;
  /** UTC; absent: AWS has not said it. */
  readonly releaseDate?: string;
  readonly endOfStandardSupport?: string;
  readonly endOfExtendedSupport?: string;
}

/** Newest first (EKS user guide, "Amazon EKS Kubernetes release calendar"). */
const servedVersions: readonly ServedVersion[] = [
  { version: '1.36' },
  {
    ...{ version: '1.35', releaseDate: '2026-01-28' },
    ...{ endOfStandardSupport: '2027-03-27', endOfExtendedSupport: '2028-03-27' },
  },
];

export const defaultVersion = '1.36';
export const platformVersion = 'eks.1';

export const isServed = (version: string): boolean => servedVersions.some((it) => it.version === version);

/** @throws InvalidParameterException */
export function assertServed(version: string): void {
  if (isServed(version)) return;
  throw invalidParameter(`unsupported Kubernetes version ${version}`);
}

/** How many minor versions up from one to another. */
export const minorSteps = (from: string, to: string): number => minorOf(to) - minorOf(from);

/** `1.37` of `1.36`, whether there is such a version or not. */
export const nextMinor = (version: string): string => `1.${minorOf(version) + 1}`;

const minorOf = (version: string): number => Number(version.split('.')[1] ?? 0);

/** Those that clusters can have here. @throws InvalidParameterException */
export function describeClusterVersions(
  { clock }: Pick<EksContext, 'clock'>,
  input: DescribeClusterVersionsCommandInput,
): DescribeClusterVersionsResponse {
  const { clusterVersions: named = [], clusterType = 'eks', defaultOnly, ...asked } = input;
  const wanted = asked.versionStatus ?? statusOf(asked.status);
  const now = clock.now();
  for (const version of named) assertServed(version);
  const found = servedVersions
    .map((served) => informationOf(served, now))
    .filter(
      ({ clusterVersion = '', defaultVersion: isDefault, versionStatus }) =>
        clusterType === 'eks' &&
        (named.length === 0 || named.includes(clusterVersion)) &&
        (defaultOnly !== true || isDefault === true) &&
        (wanted === undefined
          ? asked.includeAll === true || versionStatus !== 'UNSUPPORTED'
          : wanted === versionStatus),
    );
  const { items, ...more } = namedPage(found, newestFirst, asked);
  return { clusterVersions: [...items], ...more };
}

/** A name by which the newest comes first. */
const newestFirst = ({ clusterVersion = '' }: ClusterVersionInformation): string =>
  String(1_000 - minorOf(clusterVersion));

/** The older spelling. @throws InvalidParameterException */
function statusOf(status: string | undefined): VersionStatus | undefined {
  if (status === undefined) return undefined;
  const upper = status.toUpperCase().replaceAll('-', '_');
  const found = (['STANDARD_SUPPORT', 'EXTENDED_SUPPORT', 'UNSUPPORTED'] as const).find((it) => it === upper);
  if (found === undefined) throw invalidParameter(`The status ${status} is invalid.`);
  return found;
}

function informationOf(served: ServedVersion, now: number): ClusterVersionInformation {
  const { version, releaseDate, endOfStandardSupport, endOfExtendedSupport } = served;
  const versionStatus = supportOf(served, now);
  const statuses = {
    STANDARD_SUPPORT: 'standard-support',
    EXTENDED_SUPPORT: 'extended-support',
    UNSUPPORTED: 'unsupported',
  } as const;
  return {
    ...{ clusterVersion: version, clusterType: 'eks', defaultPlatformVersion: platformVersion },
    ...{ defaultVersion: version === defaultVersion, kubernetesPatchVersion: `${version}.0` },
    ...{ versionStatus, status: statuses[versionStatus] },
    ...(releaseDate && { releaseDate: new Date(releaseDate) }),
    ...(endOfStandardSupport && { endOfStandardSupportDate: new Date(endOfStandardSupport) }),
    ...(endOfExtendedSupport && { endOfExtendedSupportDate: new Date(endOfExtendedSupport) }),
  };
}

function supportOf({ endOfStandardSupport, endOfExtendedSupport }: ServedVersion, now: number) {
  const isOver = (date: string | undefined): boolean => date !== undefined && Date.parse(date) <= now;
  if (isOver(endOfExtendedSupport)) return 'UNSUPPORTED';
  return isOver(endOfStandardSupport) ? 'EXTENDED_SUPPORT' : 'STANDARD_SUPPORT';
}
