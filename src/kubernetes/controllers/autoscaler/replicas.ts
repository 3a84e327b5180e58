import { parseQuantity } from '../../../quantity.ts';
import type { Usage } from '../../metrics/usage.ts';
import { metricsGroup } from '../../schema/catalogue.ts';
import { conditionOf, type Pod, timeOf } from '../objects.ts';
import type { PodMetrics } from '../pod-metrics.ts';
import { phaseOf } from '../pods.ts';

/** So long after its start a pod's use of the processor tells nothing, unless it is ready. */
const initialCpuMs = 5 * 60_000;
/** One that was not ready later than this after its start has been ready before. */
const initialReadinessMs = 30_000;
export const defaultTolerance = 0.1;

/** What is to be reached: a share of what pods ask for, or an amount for each pod. */
export interface Wanted {
  /** `cpu` or `memory`. */
  readonly resource: string;
  /** Absent: all containers of a pod together. */
  readonly container?: string;
  /** In percent. */
  readonly utilization?: number;
  /** In thousandths. */
  readonly value?: number;
}

export interface Tolerances {
  readonly up: number;
  readonly down: number;
}

export interface Computed {
  readonly replicas: number;
  /** Of what pods ask for, in percent; undefined: the target is an amount. */
  readonly utilization: number | undefined;
  /** Of a pod, in thousandths. */
  readonly averageValue: number;
}

/** Nothing can be computed; the message is upstream's. */
export class MetricError extends Error {
  override readonly name = 'MetricError';
}

type Amounts = ReadonlyMap<string, number>;

/**
 * How many pods there have to be for each to use what it is meant to. Pods that have just begun, or of which nothing is known,
 * never make it more extreme: they are taken for idle where it would grow, and for as busy as meant where it would shrink.
 * @throws {MetricError}
 */
export function replicasFor(
  pods: readonly Pod[],
  metrics: PodMetrics | undefined,
  wanted: Wanted,
  current: number,
  tolerances: Tolerances,
  now: number,
): Computed {
  if (pods.length === 0)
    throw new MetricError('no pods returned by selector while calculating replica count');
  const { used, ready, unready, missing } = grouped(pods, metrics, wanted, now);
  if (used.size === 0)
    throw new MetricError('did not receive metrics for targeted pods (pods might be unready)');
  const requests = wanted.utilization === undefined ? undefined : requestsOf(pods, wanted);
  const first = ratioOf(used, requests, wanted);
  const computed = { utilization: first.utilization, averageValue: first.averageValue };
  const grows = unready.length > 0 && first.ratio > 1;
  if (!grows && missing.length === 0) {
    const replicas = isWithin(first.ratio, tolerances) ? current : Math.ceil(rounded(first.ratio * ready));
    return { replicas, ...computed };
  }
  const assumed = new Map(used);
  for (const pod of missing) {
    if (first.ratio < 1) assumed.set(pod, busy(pod, requests, wanted));
    else if (first.ratio > 1) assumed.set(pod, 0);
  }
  if (grows) for (const pod of unready) assumed.set(pod, 0);
  const { ratio } = ratioOf(assumed, requests, wanted);
  const turns = (first.ratio < 1 && ratio > 1) || (first.ratio > 1 && ratio < 1);
  if (isWithin(ratio, tolerances) || turns) return { replicas: current, ...computed };
  const replicas = Math.ceil(rounded(ratio * assumed.size));
  const isOpposite = (ratio < 1 && replicas > current) || (ratio > 1 && replicas < current);
  return { replicas: isOpposite ? current : replicas, ...computed };
}

/** What a computation with fractions adds at the end is no pod. */
const rounded = (value: number): number => Number(value.toFixed(9));

const isWithin = (ratio: number, { up, down }: Tolerances): boolean => {
  const exact = rounded(ratio);
  return exact >= rounded(1 - down) && exact <= rounded(1 + up);
};

interface Grouped {
  /** By pod, of those that count. */
  readonly used: Map<string, number>;
  readonly ready: number;
  readonly unready: readonly string[];
  readonly missing: readonly string[];
}

function grouped(
  pods: readonly Pod[],
  metrics: PodMetrics | undefined,
  wanted: Wanted,
  now: number,
): Grouped {
  const used = new Map<string, number>();
  const unready: string[] = [];
  const missing: string[] = [];
  let isAnswered = false;
  for (const pod of pods) {
    const { namespace = '', name, deletionTimestamp } = pod.metadata;
    const containers = metrics?.pod(namespace, name)?.containers;
    isAnswered ||= containers !== undefined;
    if (deletionTimestamp !== undefined || phaseOf(pod) === 'Failed') continue;
    if (phaseOf(pod) === 'Pending') unready.push(name);
    else if (containers === undefined) missing.push(name);
    else if (wanted.resource === 'cpu' && isStarting(pod, containers, now)) unready.push(name);
    else used.set(name, usedBy(pod, containers, wanted));
  }
  if (!isAnswered) {
    const why =
      metrics === undefined
        ? `unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.${metricsGroup})`
        : 'no metrics returned from resource metrics API';
    throw new MetricError(`unable to get metrics for resource ${wanted.resource}: ${why}`);
  }
  return { used, ready: used.size, unready, missing };
}

/** Whether what it uses of the processor is its start, and not its work. */
function isStarting({ status = {} }: Pod, containers: ReadonlyMap<string, Usage>, now: number): boolean {
  const condition = conditionOf(status, 'Ready');
  const startedAt = timeOf(status.startTime);
  if (condition === undefined || startedAt === undefined) return true;
  const changedAt = timeOf(condition.lastTransitionTime) ?? startedAt;
  if (startedAt + initialCpuMs <= now)
    return condition.status === 'False' && startedAt + initialReadinessMs > changedAt;
  const looks = [...containers.values()];
  const lookedAt = Math.min(...looks.map(({ timeMs }) => timeMs));
  const windowMs = Math.max(...looks.map((look) => look.windowMs));
  return condition.status === 'False' || lookedAt < changedAt + windowMs;
}

/** In thousandths. */
function usedBy(pod: Pod, containers: ReadonlyMap<string, Usage>, { resource, container }: Wanted): number {
  const of = ({ cpuNanoCores, memoryBytes }: Usage): number =>
    resource === 'cpu' ? cpuNanoCores / 1_000_000 : memoryBytes * 1_000;
  if (container === undefined) return [...containers.values()].reduce((sum, usage) => sum + of(usage), 0);
  const own = containers.get(container);
  if (own === undefined)
    throw new MetricError(
      `container ${container} not present in metrics for pod ${pod.metadata.namespace}/${pod.metadata.name}`,
    );
  return of(own);
}

/** What pods ask for, in thousandths. */
function requestsOf(pods: readonly Pod[], { resource, container }: Wanted): Amounts {
  return new Map(
    pods.map(({ metadata: { name }, spec }) => {
      const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
      const counted = [...spec.containers, ...sidecars].filter(
        (it) => container === undefined || it.name === container,
      );
      const sum = counted.reduce((total, it) => {
        const { requests } = (it.resources ?? {}) as {
          readonly requests?: Readonly<Record<string, string>>;
        };
        const asked = requests?.[resource];
        if (asked === undefined)
          throw new MetricError(`missing request for ${resource} in container ${it.name} of Pod ${name}`);
        return total + milli(asked);
      }, 0);
      return [name, sum] as const;
    }),
  );
}

/** Of a quantity, in thousandths. */
export const milli = (text: string): number => Number(parseQuantity(text)?.nanos ?? 0n) / 1_000_000;

/** As one of which nothing is known counts where the others would be fewer. */
function busy(pod: string, requests: Amounts | undefined, { utilization, value = 0 }: Wanted): number {
  if (utilization === undefined) return value;
  return ((requests?.get(pod) ?? 0) * Math.max(100, utilization)) / 100;
}

function ratioOf(
  used: Amounts,
  requests: Amounts | undefined,
  { utilization, value = 1 }: Wanted,
): { readonly ratio: number; readonly utilization: number | undefined; readonly averageValue: number } {
  const sum = [...used.values()].reduce((total, one) => total + one, 0);
  const averageValue = Math.floor(sum / used.size);
  if (utilization === undefined || requests === undefined)
    return { ratio: sum / used.size / value, utilization: undefined, averageValue };
  const asked = [...used.keys()].reduce((total, pod) => total + (requests.get(pod) ?? 0), 0);
  if (asked === 0) throw new MetricError('no metrics returned matched known pods');
  const share = Math.floor((sum * 100) / asked);
  return { ratio: share / utilization, utilization: share, averageValue };
}
