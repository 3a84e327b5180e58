import { parseQuantity } from '../../../quantity.ts';
import type { Pod, PodContainer, ResourceFieldSelector } from '../objects/pod.ts';
import { quoted } from './quoted.ts';

/** What a pod's fields are told with that its object need not say yet. */
export interface PodAddresses {
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
}

/** Amounts by resource, as in a node's `status.allocatable`. */
export type Resources = Readonly<Record<string, string>>;

const subscripted = /^(metadata\.(?:labels|annotations))\['(.*)'\]$/s;

/**
 * A `fieldRef` of a container's environment.
 * @throws {Error} `unsupported fieldPath: …`.
 */
export function environmentField(path: string, pod: Pod, { podIps, hostIps }: PodAddresses): string {
  switch (path) {
    case 'spec.nodeName':
      return pod.spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? '';
    case 'status.hostIP':
      return hostIps[0] ?? '';
    case 'status.hostIPs':
      return hostIps.join(',');
    case 'status.podIP':
      return podIps[0] ?? '';
    case 'status.podIPs':
      return podIps.join(',');
    default:
      return metadataField(path, pod);
  }
}

/**
 * A `fieldRef` of a downwardAPI volume: only of the pod's metadata. All labels, and all annotations, are lines
 * `key="value"`, sorted by key.
 * @throws {Error} `unsupported fieldPath: …`.
 */
export function metadataField(path: string, { metadata }: Pod): string {
  const [, parent, key = ''] = subscripted.exec(path) ?? [];
  switch (parent ?? path) {
    case 'metadata.name':
      return metadata.name;
    case 'metadata.namespace':
      return metadata.namespace;
    case 'metadata.uid':
      return metadata.uid;
    case 'metadata.labels':
      return parent ? entryOf(metadata.labels, key) : linesOf(metadata.labels);
    case 'metadata.annotations':
      return parent ? entryOf(metadata.annotations, key) : linesOf(metadata.annotations);
    default:
      throw new Error(`unsupported fieldPath: ${path}`);
  }
}

/**
 * A `resourceFieldRef`: how many of its divisor the container's limit or request is, rounded up. A container without a
 * limit may use what the node has to give.
 * @param container The one that says so, where the reference names none.
 * @throws {Error} `container … not found`, `Unsupported container resource : …`.
 */
export function resourceField(
  { containerName = '', resource, divisor = '0' }: ResourceFieldSelector,
  pod: Pod,
  container: PodContainer | undefined,
  allocatable: Resources,
): string {
  const of = containerName === '' ? container : containerNamed(pod, containerName);
  if (of === undefined) throw new Error(`container ${containerName} not found`);
  const [, side, name = ''] = /^(limits|requests)\.(.*)$/s.exec(resource) ?? [];
  const isOvercommitted = ['cpu', 'memory', 'ephemeral-storage'].includes(name);
  if (side === undefined || (!isOvercommitted && !name.startsWith('hugepages-')))
    throw new Error(`Unsupported container resource : ${resource}`);
  const amount = entryOf(side === 'limits' ? of.resources?.limits : of.resources?.requests, name);
  const isUnlimited = side === 'limits' && isOvercommitted && nanosOf(amount) === 0n;
  return String(
    parts(isUnlimited ? entryOf(allocatable, name) : amount, divisor, name === 'cpu' ? milli : nano),
  );
}

const nano = 1_000_000_000n;
const milli = 1_000_000n;

/** @param unit What both are reckoned in whole numbers of, in billionths: processors in thousandths, the rest in ones. */
function parts(amount: string, divisor: string, unit: bigint): bigint {
  const units = (text: string): bigint => roundedUp(nanosOf(text), unit);
  const by = units(divisor);
  return roundedUp(units(amount), by === 0n ? nano / unit : by);
}

const roundedUp = (value: bigint, divisor: bigint): bigint => (value + divisor - 1n) / divisor;
const nanosOf = (text: string): bigint => parseQuantity(text)?.nanos ?? 0n;

const containerNamed = ({ spec }: Pod, name: string): PodContainer | undefined =>
  [...spec.containers, ...(spec.initContainers ?? [])].find((each) => each.name === name);

/** Names come from users: what objects inherit is none. */
const entryOf = (record: Readonly<Record<string, string>> = {}, key: string): string =>
  Object.hasOwn(record, key) ? (record[key] ?? '') : '';

const linesOf = (record: Readonly<Record<string, string>> = {}): string =>
  Object.keys(record)
    .toSorted()
    .map((key) => `${key}=${quoted(entryOf(record, key))}`)
    .join('\n');
