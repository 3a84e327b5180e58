import { parseQuantity } from '../../../quantity.ts';
import type { PodSpec, ResourceRequirements } from '../objects/pod.ts';
import { isSidecar } from '../pods/restart-policy.ts';

/** In billionths. */
export type Amounts = ReadonlyMap<string, bigint>;

/**
 * What a pod asks of its node: the sum of its containers and sidecars, or more where an init container asks for more beside
 * the sidecars before it; the pod's own requests before that, and its overhead on top.
 */
export function podRequests(spec: PodSpec): Amounts {
  return together(spec, ({ requests }) => requests);
}

/** The same of its limits, as far as its containers have any. */
export function podLimits(spec: PodSpec): Amounts {
  const limits = together(spec, ({ limits }) => limits);
  return new Map([...limits].filter(([, amount]) => amount > 0n));
}

/** A limit of the pod as a whole: it has none of what some of its containers have none of. */
export function wholeLimit(spec: PodSpec, name: string): bigint | undefined {
  const all = [...spec.containers, ...(spec.initContainers ?? [])];
  const isLimited =
    spec.resources?.limits?.[name] !== undefined ||
    all.every(({ resources }) => resources?.limits?.[name] !== undefined);
  return isLimited ? podLimits(spec).get(name) : undefined;
}

function together(
  { containers, initContainers = [], overhead, resources }: PodSpec,
  listOf: (resources: ResourceRequirements) => Readonly<Record<string, string>> | undefined,
): Amounts {
  const amounts = (some: ResourceRequirements = {}): Amounts => amountsOf(listOf(some));
  let running: Amounts = new Map();
  let most: Amounts = new Map();
  for (const init of initContainers) {
    const asked = amounts(init.resources);
    if (isSidecar(init)) running = sum(running, asked);
    most = largest(most, isSidecar(init) ? running : sum(running, asked));
  }
  const all = containers.reduce((total, container) => sum(total, amounts(container.resources)), running);
  return sum(new Map([...largest(all, most), ...amounts(resources)]), amountsOf(overhead));
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
