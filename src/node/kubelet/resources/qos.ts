import { parseQuantity } from '../../../quantity.ts';
import type { Pod, PodSpec, PodStatus, ResourceRequirements } from '../objects/pod.ts';

const counted = ['cpu', 'memory'];

type QosClass = NonNullable<PodStatus['qosClass']>;

/** As the API server has it, which a pod keeps for its life. */
export function qosOf({ spec, status }: Pod): QosClass {
  return status?.qosClass ?? qosClass(spec);
}

/** Guaranteed: all have limits of CPU and memory, and ask for no less. BestEffort: nobody asks for anything. */
function qosClass(spec: PodSpec): QosClass {
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
