import { shapes } from './shapes.ts';

/** What EC2 sells under a type's name. */
export interface InstanceType {
  /** E.g. `t3.medium`. */
  readonly name: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly architecture: 'arm64' | 'x86_64';
  readonly hypervisor: 'nitro' | 'xen';
  /** With GPUs or other accelerators. */
  readonly isAccelerated: boolean;
  readonly maxInterfaces: number;
  readonly ipv4PerInterface: number;
  /** How many pods may have interfaces of their own, behind a trunk interface; 0: there is none. */
  readonly branchInterfaces: number;
  /** Of burstable types: the share of each vCPU that is always there, e.g. 0.2; undefined of others, which have all of them. */
  readonly baseline?: number;
}

/** Baseline utilisation for each vCPU by size (EC2 user guide, "CPU credits and baseline utilization"). */
const baselines: Readonly<Record<string, number>> = {
  ...{ nano: 0.05, micro: 0.1, small: 0.2, medium: 0.2, large: 0.3, xlarge: 0.4, '2xlarge': 0.4 },
};
const baselinesOfT2: Readonly<Record<string, number>> = { ...baselines, xlarge: 0.225, '2xlarge': 0.17 };

const armFamily = /^(?:a1|[a-z]+\d+g[a-z]*)$/;
const xenFamilies = new Set(['t2', 'm4', 'c4', 'r4', 'i3', 'p3']);
const acceleratedFamily = /^(?:g\d|p\d|inf|trn)/;

let known: ReadonlyMap<string, InstanceType> | undefined;

/** Undefined: it is none that is known here. */
export function instanceType(name: string): InstanceType | undefined {
  known ??= new Map(allTypes().map((type) => [type.name, type]));
  return known.get(name);
}

/** Every one that is known here. */
export const allTypes = (): readonly InstanceType[] =>
  shapes.flatMap(([maxInterfaces, ipv4PerInterface, lines]) =>
    lines.flatMap((line) =>
      line.split(' ').map((text) => {
        const type = { ...readType(text), maxInterfaces, ipv4PerInterface };
        return { ...type, branchInterfaces: branchInterfacesOf(type) };
      }),
    ),
  );

/**
 * By how many interfaces a type has and of how many vCPUs it is, as the Amazon VPC resource controller knows it (`limits.go`). Of
 * families that have their own numbers there, those with accelerators or much storage, none is known here.
 */
function branchInterfacesOf(type: Omit<InstanceType, 'branchInterfaces'>): number {
  const [family = ''] = type.name.split('.');
  if (type.hypervisor !== 'nitro' || !trunkFamily.test(family)) return 0;
  if (type.maxInterfaces === 2) return family === 'a1' ? 10 : 4;
  if (type.maxInterfaces === 3) return 9;
  if (type.maxInterfaces === 4) return type.vcpus > 4 ? 38 : 18;
  return type.maxInterfaces === 8 ? 54 : 107;
}

const trunkFamily = /^(?:a1|[cmr]\d[a-z-]*)$/;

function readType(
  text: string,
): Omit<InstanceType, 'branchInterfaces' | 'ipv4PerInterface' | 'maxInterfaces'> {
  const [name = '', size = ''] = text.split('=');
  const [vcpus = 0, gib = 0] = size.split('/').map(Number);
  const [family = '', ofFamily = ''] = name.split('.');
  const baseline = /^t\d/.test(family) ? (family === 't2' ? baselinesOfT2 : baselines)[ofFamily] : undefined;
  return {
    ...{ name, vcpus, memoryMiB: gib * 1_024 },
    architecture: armFamily.test(family) ? 'arm64' : 'x86_64',
    hypervisor: xenFamilies.has(family) ? 'xen' : 'nitro',
    isAccelerated: acceleratedFamily.test(family),
    ...(baseline !== undefined && { baseline }),
  };
}

/** What a machine gives to an instance, in CPU units of 1/1024 core: of burstable types their baseline, memory in full. */
export const shareOf = ({ vcpus, memoryMiB, baseline = 1 }: InstanceType) => ({
  ...{ cpu: Math.ceil(vcpus * 1_024 * baseline), memoryMiB },
});

/**
 * How many pods a node of the type has addresses for ("Choosing an Amazon EC2 instance type", EKS user guide): the first
 * address of each interface is the node's own, and two pods use the node's network.
 * @param hasPrefixes With prefix delegation: each address is a block of 16, within what is recommended for the size.
 */
export function maxPodsOf(type: InstanceType, hasPrefixes = false): number {
  const { maxInterfaces, ipv4PerInterface, vcpus, hypervisor } = type;
  const slots = maxInterfaces * (ipv4PerInterface - 1);
  if (!hasPrefixes || hypervisor !== 'nitro') return slots + 2;
  return Math.min(slots * 16 + 2, vcpus > 30 ? 250 : 110);
}
