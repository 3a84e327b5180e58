import type { InstanceTypeInfo } from '@aws-sdk/client-ec2';
import type { InstanceType } from './instance-types.ts';

export const nameOf = ({ InstanceType }: InstanceTypeInfo): string => InstanceType ?? '';

/** Families whose sizes have disks of their own. */
const storageFamily = /^(?:[cmr]\d[a-z]*d[a-z]*|d\d|g4dn|g5|g6|i\d[a-z]*|p3dn|p4d|p5|trn1|x2gd|z1d)$/;
/** Families of x86 with a core for each vCPU. */
const wholeCoreFamilies = new Set(['t2', 'c7a', 'm7a', 'r7a']);
/** Of Xen, those with the network of Nitro. */
const enaOnXen = new Set(['i3', 'p3', 'r4']);

/** As DescribeInstanceTypes shows it. What no machine of an installation does is not supported. */
export function instanceTypeInfo({ name, ...type }: InstanceType): InstanceTypeInfo {
  const { vcpus, memoryMiB, architecture, hypervisor, maxInterfaces, ipv4PerInterface, baseline } = type;
  const [family = '', size = ''] = name.split('.');
  const isMetal = size === 'metal';
  const threads = architecture === 'arm64' || wholeCoreFamilies.has(family) || vcpus === 1 ? 1 : 2;
  return {
    InstanceType: name as NonNullable<InstanceTypeInfo['InstanceType']>,
    ...{ CurrentGeneration: true, BareMetal: isMetal, ...(!isMetal && { Hypervisor: hypervisor }) },
    SupportedUsageClasses: ['on-demand', 'spot'],
    SupportedRootDeviceTypes: ['ebs'],
    SupportedVirtualizationTypes: ['hvm'],
    ProcessorInfo: { SupportedArchitectures: [architecture] },
    VCpuInfo: { DefaultVCpus: vcpus, DefaultCores: vcpus / threads, DefaultThreadsPerCore: threads },
    MemoryInfo: { SizeInMiB: memoryMiB },
    InstanceStorageSupported: storageFamily.test(family),
    NetworkInfo: {
      ...{ MaximumNetworkInterfaces: maxInterfaces, Ipv4AddressesPerInterface: ipv4PerInterface },
      ...{ MaximumNetworkCards: 1, DefaultNetworkCardIndex: 0, Ipv6Supported: false },
      NetworkCards: [{ NetworkCardIndex: 0, MaximumNetworkInterfaces: maxInterfaces }],
      EnaSupport: hypervisor === 'nitro' ? 'required' : enaOnXen.has(family) ? 'supported' : 'unsupported',
    },
    BurstablePerformanceSupported: baseline !== undefined,
    ...{ AutoRecoverySupported: false, DedicatedHostsSupported: false, HibernationSupported: false },
    ...{ NitroEnclavesSupport: 'unsupported', NitroTpmSupport: 'unsupported' },
  };
}
