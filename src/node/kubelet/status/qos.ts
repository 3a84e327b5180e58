import { parseQuantity } from '../../../quantity.ts';
import type { PodSpec, PodStatus, ResourceRequirements } from '../objects/pod.ts';

const counted = ['cpu', 'memory'];

/** Guaranteed: all have limits of CPU and memory, and ask for no less. BestEffort: nobody asks for anything. */
export function qosClass(spec: PodSpec): NonNullable<PodStatus['qosClass']> {
  const ofPod = spec.resources;
  const all = isSet(ofPod)
    ? [ofPod]
    : [...spec.containers, ...(spec.initContainers ?? [])].map(({ resources }) => resources ?? {});
  if (all.every((resources) => !isSet(resources))) return 'BestEffort';
  return all.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
}

function isSet(resources: ResourceRequirements | undefined): resources is ResourceRequirements {
  const asked = { ...resources?.requests, ...resources?.limits };
  return counted.some((name) => nanosOf(asked[name]) > 0n);
}

function isGuaranteed({ requests = {}, limits = {} }: ResourceRequirements): boolean {
  return counted.every((name) => {
    const limit = nanosOf(limits[name]);
    return limit > 0n && nanosOf(requests[name] ?? limits[name]) === limit;
  });
}

const nanosOf = (text: string | undefined): bigint =>
  text === undefined ? 0n : (parseQuantity(text)?.nanos ?? 0n);
