import type {
  DescribeInstanceTypesCommandInput,
  DescribeInstanceTypesResult,
  InstanceTypeInfo,
} from '@aws-sdk/client-ec2';
import { ascending } from '../../pages.ts';
import { ec2Refusal, shown } from '../errors.ts';
import { type Filtered, type FilterTable, readFilters } from '../input/filters.ts';
import { pageOf } from '../input/pages.ts';
import { instanceTypeInfo, nameOf } from './instance-type-view.ts';
import { allTypes } from './instance-types.ts';

const mostResults = 100;

/**
 * The types that nodes may be of, as far as something is known of them: of storage, accelerators and bandwidths nothing is.
 * @throws {Refusal} InvalidInstanceType, InvalidNextToken, InvalidParameterCombination, InvalidParameterValue
 */
export function describeInstanceTypes({
  InstanceTypes: asked = [],
  Filters,
  ...pages
}: DescribeInstanceTypesCommandInput): DescribeInstanceTypesResult {
  const isWanted = readFilters(Filters, filters);
  const all = allTypes()
    .map(instanceTypeInfo)
    .toSorted((one, other) => ascending(nameOf(one), nameOf(other)));
  const known = new Set(all.map(nameOf));
  const missing = asked.filter((name) => !known.has(name));
  if (missing.length > 0) {
    throw ec2Refusal(
      'InvalidInstanceType',
      `The following supplied instance types do not exist: [${missing.map(shown).join(', ')}]`,
    );
  }
  const names: ReadonlySet<string> = new Set(asked);
  const found = all.filter((info) => (names.size === 0 || names.has(nameOf(info))) && isWanted(info));
  const idsParameter = names.size === 0 ? undefined : 'instanceTypes';
  const { items, nextToken } = pageOf(found, nameOf, pages, idsParameter, mostResults);
  return { InstanceTypes: [...items], ...(nextToken !== undefined && { NextToken: nextToken }) };
}

/** Names of AWS's list. */
const filters: FilterTable<InstanceTypeInfo> = {
  ...nothingKnown(),
  'auto-recovery-supported': ({ AutoRecoverySupported }) => AutoRecoverySupported,
  'bare-metal': ({ BareMetal }) => BareMetal,
  'burstable-performance-supported': ({ BurstablePerformanceSupported }) => BurstablePerformanceSupported,
  'current-generation': ({ CurrentGeneration }) => CurrentGeneration,
  'dedicated-hosts-supported': ({ DedicatedHostsSupported }) => DedicatedHostsSupported,
  'hibernation-supported': ({ HibernationSupported }) => HibernationSupported,
  hypervisor: ({ Hypervisor }) => Hypervisor,
  'instance-storage-supported': ({ InstanceStorageSupported }) => InstanceStorageSupported,
  'instance-type': nameOf,
  'memory-info.size-in-mib': ({ MemoryInfo }) => MemoryInfo?.SizeInMiB,
  'network-info.ena-support': ({ NetworkInfo }) => NetworkInfo?.EnaSupport,
  'network-info.ipv4-addresses-per-interface': ({ NetworkInfo }) => NetworkInfo?.Ipv4AddressesPerInterface,
  'network-info.ipv6-supported': ({ NetworkInfo }) => NetworkInfo?.Ipv6Supported,
  'network-info.maximum-network-cards': ({ NetworkInfo }) => NetworkInfo?.MaximumNetworkCards,
  'network-info.maximum-network-interfaces': ({ NetworkInfo }) => NetworkInfo?.MaximumNetworkInterfaces,
  'nitro-enclaves-support': ({ NitroEnclavesSupport }) => NitroEnclavesSupport,
  'nitro-tpm-support': ({ NitroTpmSupport }) => NitroTpmSupport,
  'processor-info.supported-architecture': ({ ProcessorInfo }) => ProcessorInfo?.SupportedArchitectures,
  'supported-root-device-type': ({ SupportedRootDeviceTypes }) => SupportedRootDeviceTypes,
  'supported-usage-class': ({ SupportedUsageClasses }) => SupportedUsageClasses,
  'supported-virtualization-type': ({ SupportedVirtualizationTypes }) => SupportedVirtualizationTypes,
  'vcpu-info.default-cores': ({ VCpuInfo }) => VCpuInfo?.DefaultCores,
  'vcpu-info.default-threads-per-core': ({ VCpuInfo }) => VCpuInfo?.DefaultThreadsPerCore,
  'vcpu-info.default-vcpus': ({ VCpuInfo }) => VCpuInfo?.DefaultVCpus,
};

/** Filters on what is not known of any type: they match nothing. */
function nothingKnown(): FilterTable<InstanceTypeInfo> {
  const names = [
    ...['ebs-info.attachment-limit-type', 'ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps'],
    ...['ebs-info.ebs-optimized-info.baseline-iops', 'ebs-info.ebs-optimized-info.maximum-iops'],
    ...['ebs-info.ebs-optimized-info.baseline-throughput-in-mbps', 'ebs-info.ebs-optimized-support'],
    ...['ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps', 'ebs-info.encryption-support'],
    ...['ebs-info.ebs-optimized-info.maximum-throughput-in-mbps', 'ebs-info.maximum-ebs-attachments'],
    ...['ebs-info.maximum-ebs-cards', 'ebs-info.nvme-support', 'free-tier-eligible', 'supported-boot-mode'],
    ...['instance-storage-info.disk.count', 'instance-storage-info.disk.size-in-gb'],
    ...['instance-storage-info.disk.type', 'instance-storage-info.encryption-support'],
    ...['instance-storage-info.nvme-support', 'instance-storage-info.total-size-in-gb'],
    ...['network-info.bandwidth-weightings', 'network-info.efa-info.maximum-efa-interfaces'],
    ...['network-info.efa-supported', 'network-info.encryption-in-transit-supported'],
    ...['network-info.flexible-ena-queues-support', 'network-info.ipv6-addresses-per-interface'],
    ...['network-info.network-performance', 'processor-info.supported-features'],
    ...['processor-info.sustained-clock-speed-in-ghz', 'reboot-migration-support'],
    ...['vcpu-info.valid-cores', 'vcpu-info.valid-threads-per-core'],
  ];
  return Object.fromEntries(names.map((name) => [name, (): Filtered => undefined]));
}
