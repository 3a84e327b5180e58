import { parseQuantity } from '../../../quantity.ts';
import type { PodSpec, ResourceRequirements } from '../objects/pod.ts';
import { isSidecar } from './restart-policy.ts';

/** In billionths. */
type Amounts = ReadonlyMap<string, bigint>;

/**
 * What a pod asks of its node: the sum of its containers and sidecars, or more where an init container asks for more beside
 * the sidecars before it; the pod's own requests before that, and its overhead on top.
 */
export function podRequests({ containers, initContainers = [], overhead, resources }: PodSpec): Amounts {
  let running: Amounts = new Map();
  let most: Amounts = new Map();
  for (const init of initContainers) {
    const asked = requestsOf(init.resources);
    if (isSidecar(init)) running = sum(running, asked);
    most = largest(most, isSidecar(init) ? running : sum(running, asked));
  }
  const all = containers.reduce((total, container) => sum(total, requestsOf(container.resources)), running);
  const own = requestsOf(resources);
  return sum(new Map([...largest(all, most), ...own]), amountsOf(overhead));
}

function requestsOf({ requests }: ResourceRequirements = {}): Amounts {
  return amountsOf(requests);
}

export function amountsOf(list: Readonly<Record<string, string>> = {}): Amounts {
  return new Map(Object.entries(list).map(([name, text]) => [name, parseQuantity(text)?.nanos ?? 0n]));
}

function sum(one: Amounts, other: Amounts): Amounts {
  const total = new Map(one);
  for (const [name, amount] of other) total.set(name, (total.get(name) ?? 0n) + amount);
  return total;
}

function largest(one: Amounts, other: Amounts): Amounts {
  const most = new Map(one);
  for (const [name, amount] of other) if (amount > (most.get(name) ?? 0n)) most.set(name, amount);
  return most;
}
