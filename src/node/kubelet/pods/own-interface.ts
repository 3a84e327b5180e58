import type { PodIdentity } from '../kubelet-options.ts';
import type { Pod } from '../objects/pod.ts';

/** The resource that a pod asks for, and the annotation that tells it which interface it has. */
export const podEni = 'vpc.amazonaws.com/pod-eni';

/** What is known of the interface that a pod has for itself; nothing: it has none. @throws {Error} its annotation is none of those. */
export function ownInterfaceOf({ metadata, spec }: Pod): Pick<PodIdentity, 'ownInterface'> {
  if (!spec.containers.some(({ resources }) => resources?.limits?.[podEni] !== undefined)) return {};
  const text = metadata.annotations?.[podEni];
  return { ownInterface: text === undefined ? 'awaited' : read(text) };
}

function read(text: string): Exclude<PodIdentity['ownInterface'], undefined> {
  try {
    const [{ eniId: id, ifAddress: macAddress, privateIp: address, vlanId }] = JSON.parse(text);
    if ([id, macAddress, address].every((it) => typeof it === 'string') && Number.isInteger(vlanId))
      return { id, macAddress, address, vlanId };
  } catch {
    // What it is instead is told below.
  }
  throw new Error(`the annotation ${podEni} does not tell of an interface: ${text.slice(0, 200)}`);
}
