import { parseQuantity } from '../../../quantity.ts';
import { amountsOf, podLimits } from '../resources/pod-requests.ts';
import { diskOf, type PodUse } from '../usage/pod-use.ts';
import { sourceOf } from '../volumes/volume-source.ts';
import { shown } from './messages.ts';

const storage = 'ephemeral-storage';
const whole = 1_000_000_000n;

/** Why a pod is evicted for what it has written itself, in upstream's words and order; undefined: it keeps to its limits. */
export function exceededStorage(use: PodUse): string | undefined {
  return exceededEmptyDir(use) ?? exceededPod(use) ?? exceededContainer(use);
}

function exceededEmptyDir({ pod, emptyDirs }: PodUse): string | undefined {
  for (const volume of pod.spec.volumes ?? []) {
    const source = sourceOf(volume, pod.metadata.name);
    if (source.kind !== 'emptyDir') continue;
    const { sizeLimit = '0' } = source.emptyDir;
    const limit = (parseQuantity(sizeLimit)?.nanos ?? 0n) / whole;
    const used = emptyDirs.find(({ name }) => name === volume.name)?.use.bytes ?? 0;
    if (limit > 0n && BigInt(used) > limit)
      return `Usage of EmptyDir volume ${JSON.stringify(volume.name)} exceeds the limit ${JSON.stringify(shown(sizeLimit))}. `;
  }
  return undefined;
}

function exceededPod(use: PodUse): string | undefined {
  const limit = podLimits(use.pod.spec).get(storage);
  if (limit === undefined || BigInt(diskOf(use).bytes) * whole <= limit) return undefined;
  return `Pod ephemeral local storage usage exceeds the total limit of containers ${shown(Number(limit / whole))}. `;
}

function exceededContainer({ pod, containers }: PodUse): string | undefined {
  for (const { name, written, logBytes } of containers) {
    const { resources } = pod.spec.containers.find((container) => container.name === name) ?? {};
    const text = resources?.limits?.[storage];
    const limit = amountsOf(resources?.limits).get(storage) ?? 0n;
    if (text !== undefined && limit > 0n && BigInt(written.bytes + logBytes) * whole > limit)
      return `Container ${name} exceeded its local ephemeral storage limit ${JSON.stringify(shown(text))}. `;
  }
  return undefined;
}
