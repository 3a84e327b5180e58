import { canonicalQuantity, formatQuantity, parseQuantity } from '../../../quantity.ts';
import type { PodUse } from '../usage/pod-use.ts';
import type { Shortage } from './thresholds.ts';

/** A quantity as upstream writes it; a number is of bytes or inodes. */
export function shown(amount: number | string): string {
  if (typeof amount === 'string') return canonicalQuantity(amount) ?? amount;
  return formatQuantity({ nanos: BigInt(Math.floor(amount)) * 1_000_000_000n, format: 'binary' });
}

/** Why a pod is evicted from a node that is short of something, with those of its containers that use more than they asked for. */
export function evictionMessage(
  { scarce, quantity, available }: Shortage,
  { pod, containers }: PodUse,
): string {
  const { containers: own, initContainers = [] } = pod.spec;
  const blamed = containers.flatMap(({ name, memoryBytes, written, logBytes }) => {
    const container = [...own, ...initContainers].find((each) => each.name === name);
    if (container === undefined || scarce === 'inodes') return [];
    const used = scarce === 'memory' ? memoryBytes : written.bytes + logBytes;
    const request = container.resources?.requests?.[scarce] ?? '0';
    return used * 1e9 > Number(parseQuantity(request)?.nanos ?? 0n)
      ? [
          `Container ${name} was using ${shown(used)}, request is ${shown(request)}, has larger consumption of ${scarce}. `,
        ]
      : [];
  });
  const why = `The node was low on resource: ${scarce}. Threshold quantity: ${shown(quantity)}, available: ${shown(available)}. `;
  return [why, ...blamed].join('');
}
