import type { InstanceRequirementsRequest } from '@aws-sdk/client-ecs';
import { allTypes, type InstanceType } from '../../ec2/index.ts';

/** What a requirement that says `included`, `excluded` or `required` makes of types that have a thing. */
const permits = (asked: string | undefined, has: boolean, otherwise: 'included' | 'excluded'): boolean => {
  switch (asked ?? otherwise) {
    case 'required':
      return has;
    case 'excluded':
      return !has;
    default:
      return true;
  }
};

interface Range {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

const isWithin = (value: number, { min = 0, max = Number.POSITIVE_INFINITY }: Range = {}): boolean =>
  value >= min && value <= max;

const familyOf = ({ name }: InstanceType): string => name.split('.')[0] ?? '';

/** Of Intel's, AMD's and AWS's own, as the letters behind a family's generation say ("Instance type naming conventions"). */
function manufacturerOf(type: InstanceType): string {
  if (type.architecture === 'arm64') return 'amazon-web-services';
  return /^[a-z]+\d+a/.test(familyOf(type)) ? 'amd' : 'intel';
}

/** "Previous generation instances" as EC2 lists them, among the types that are known here. */
const isPreviousGeneration = (type: InstanceType): boolean =>
  /^(?:a1|[cmrit][1-4]|p[23])$/.test(familyOf(type));

/** `c5.*`, `m5a.large`: `*` stands for any text. @param patterns Of `typePattern`. */
function matches(patterns: readonly string[] | undefined, name: string): boolean {
  return (patterns ?? []).some((pattern) =>
    new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(name),
  );
}

/** How instance types are named, also with wildcards. */
export const typePattern = /^[a-zA-Z0-9.*-]{1,30}$/;

/** General purposes: what is chosen among when nobody says anything else. */
const generalPurposes: InstanceRequirementsRequest = {
  ...{ vCpuCount: { min: 1 }, memoryMiB: { min: 1 }, instanceGenerations: ['current'] },
  allowedInstanceTypes: ['m*', 'c*', 'r*'],
};

/**
 * The instance types that meet requirements, in the order in which they are tried: fewest vCPUs first, then least memory,
 * which is the order of their prices (EC2, "Attribute-based instance type selection", whose defaults these are).
 * @param asked Undefined: current ones for general purposes.
 */
export function fittingTypes(asked: InstanceRequirementsRequest = generalPurposes): readonly InstanceType[] {
  const generations: readonly string[] = asked.instanceGenerations ?? ['current', 'previous'];
  const manufacturers: readonly string[] | undefined = asked.cpuManufacturers;
  return allTypes()
    .filter(
      (type) =>
        !type.isAccelerated &&
        isWithin(type.vcpus, asked.vCpuCount) &&
        isWithin(type.memoryMiB, asked.memoryMiB) &&
        isWithin(type.memoryMiB / 1_024 / type.vcpus, asked.memoryGiBPerVCpu) &&
        isWithin(type.maxInterfaces, asked.networkInterfaceCount) &&
        (manufacturers === undefined || manufacturers.includes(manufacturerOf(type))) &&
        generations.includes(isPreviousGeneration(type) ? 'previous' : 'current') &&
        permits(asked.bareMetal, type.name.includes('metal'), 'excluded') &&
        permits(asked.burstablePerformance, type.baseline !== undefined, 'excluded') &&
        permits(asked.localStorage, hasLocalStorage(type), 'included') &&
        !matches(asked.excludedInstanceTypes, type.name) &&
        (asked.allowedInstanceTypes === undefined || matches(asked.allowedInstanceTypes, type.name)),
    )
    .toSorted(
      (one, other) =>
        one.vcpus - other.vcpus || one.memoryMiB - other.memoryMiB || (one.name < other.name ? -1 : 1),
    );
}

/** Storage-optimised families have it, and those with a `d` behind their generation. */
const hasLocalStorage = (type: InstanceType): boolean => /^(?:[dhi]\d|[a-z]+\d+[a-z]*d)/.test(familyOf(type));
