import { timestamp } from '../../objects/object.ts';
import type { Condition, Pod } from '../objects.ts';
import type { PodMetrics } from '../pod-metrics.ts';
import { limitedReplicas, type Memory, remembered } from './limits.ts';
import type { Autoscaler, MetricSpec } from './objects.ts';
import {
  type Computed,
  defaultTolerance,
  MetricError,
  milli,
  replicasFor,
  type Tolerances,
  type Wanted,
} from './replicas.ts';

/** What the target is, and what is known of its pods. */
export interface Target {
  readonly replicas: number;
  /** Undefined: it says no selector. */
  readonly pods: readonly Pod[] | undefined;
  readonly metrics: PodMetrics | undefined;
}

export interface Plan {
  /** Undefined: it stays as it is. */
  readonly rescale: { readonly replicas: number; readonly reason: string } | undefined;
  readonly desired: number;
  readonly currentMetrics: readonly object[];
  readonly conditions: readonly Condition[];
  readonly warnings: readonly { readonly reason: string; readonly message: string }[];
  readonly memory: Memory;
}

export const noMemory = (current: number, now: number): Memory => ({
  recommendations: [{ at: now, replicas: current }],
  ...{ ups: [], downs: [] },
});

/** How many pods a target is to have, by what they use. */
export function planAutoscaler(hpa: Autoscaler, target: Target, known: Memory, now: number): Plan {
  const { minReplicas = 1, maxReplicas } = hpa.spec;
  const conditions = new Conditions(hpa.status?.conditions ?? [], now);
  conditions.set(
    ...(['AbleToScale', 'True', 'SucceededGetScale'] as const),
    "the HPA controller was able to get the target's current scale",
  );
  const current = target.replicas;
  const none = { currentMetrics: [], warnings: [], memory: known };
  const outOfRange = (replicas: number, reason: string): Plan => ({
    ...none,
    ...{ rescale: { replicas, reason }, desired: replicas, conditions: conditions.all },
  });
  if (current === 0 && minReplicas !== 0) {
    conditions.set(
      ...(['ScalingActive', 'False', 'ScalingDisabled'] as const),
      'scaling is disabled since the replica count of the target is zero',
    );
    return { ...none, rescale: undefined, desired: 0, conditions: conditions.all };
  }
  if (current > maxReplicas)
    return outOfRange(maxReplicas, 'Current number of replicas above Spec.MaxReplicas');
  if (current < minReplicas)
    return outOfRange(minReplicas, 'Current number of replicas below Spec.MinReplicas');
  return byMetrics(hpa, target, known, conditions, now);
}

function byMetrics(
  hpa: Autoscaler,
  target: Target,
  known: Memory,
  conditions: Conditions,
  now: number,
): Plan {
  const current = target.replicas;
  const found = measured(hpa, target, conditions, now);
  const { currentMetrics, warnings } = found;
  if (found.replicas === undefined) {
    const plan = { rescale: undefined, desired: current, conditions: conditions.all };
    return { ...plan, currentMetrics, warnings, memory: known };
  }
  const recommendations = [...known.recommendations, { at: now, replicas: found.replicas }];
  const { replicas, able, limited } = limitedReplicas(hpa, found.replicas, current, known, now);
  conditions.set('AbleToScale', 'True', able.reason, able.message);
  conditions.set('ScalingLimited', limited.status, limited.reason, limited.message);
  const memory = remembered({ ...known, recommendations }, hpa, now);
  const kept = { currentMetrics, warnings, desired: replicas, conditions: conditions.all };
  if (replicas === current) return { ...kept, memory, rescale: undefined };
  const event = { at: now, change: Math.abs(replicas - current) };
  const reason = found.replicas > current ? `${found.metric} above target` : 'All metrics below target';
  return {
    ...{ ...kept, rescale: { replicas, reason } },
    memory:
      replicas > current
        ? { ...memory, ups: [...memory.ups, event] }
        : { ...memory, downs: [...memory.downs, event] },
  };
}

interface Measured {
  readonly replicas: number | undefined;
  readonly metric: string;
  readonly currentMetrics: readonly object[];
  readonly warnings: Plan['warnings'];
}

/** The most that one of the metrics asks for. One that can't be read keeps it from getting fewer. */
function measured(hpa: Autoscaler, target: Target, conditions: Conditions, now: number): Measured {
  const specs = hpa.spec.metrics ?? [];
  const currentMetrics: object[] = [];
  const warnings: { reason: string; message: string }[] = [];
  let most: { readonly replicas: number; readonly metric: string } | undefined;
  let failure: { readonly reason: string; readonly message: string } | undefined;
  if (target.pods === undefined) {
    const message = "the HPA target's scale is missing a selector";
    conditions.set('ScalingActive', 'False', 'InvalidSelector', message);
    warnings.push({ reason: 'SelectorRequired', message: 'selector is required' });
    return { replicas: undefined, metric: '', currentMetrics, warnings };
  }
  for (const spec of specs) {
    try {
      const { wanted, name, shape } = readable(spec);
      const computed = replicasFor(
        ...([target.pods, target.metrics, wanted, target.replicas] as const),
        ...([tolerancesOf(hpa), now] as const),
      );
      currentMetrics.push(shape(currentOf(computed)));
      if (most === undefined || computed.replicas > most.replicas)
        most = { replicas: computed.replicas, metric: name };
    } catch (error) {
      if (!(error instanceof MetricError)) throw error;
      const why = {
        reason: failedReasons[spec.type] ?? 'InvalidMetricSourceType',
        message: failureOf(spec, error),
      };
      warnings.push(why);
      failure ??= why;
    }
  }
  if (most === undefined || (failure !== undefined && most.replicas < target.replicas)) {
    const { reason = '', message = '' } = failure ?? {};
    conditions.set(
      ...(['ScalingActive', 'False', reason] as const),
      `the HPA was unable to compute the replica count: ${message}`,
    );
    const invalid = `invalid metrics (${warnings.length} invalid out of ${specs.length}), first error is: ${message}`;
    warnings.push({ reason: 'FailedComputeMetricsReplicas', message: invalid });
    return { replicas: undefined, metric: '', currentMetrics, warnings };
  }
  conditions.set(
    ...(['ScalingActive', 'True', 'ValidMetricFound'] as const),
    `the HPA was able to successfully calculate a replica count from ${most.metric}`,
  );
  return { ...most, currentMetrics, warnings };
}

const failedReasons: Readonly<Record<string, string>> = {
  Resource: 'FailedGetResourceMetric',
  ContainerResource: 'FailedGetContainerResourceMetric',
  Pods: 'FailedGetPodsMetric',
  Object: 'FailedGetObjectMetric',
  External: 'FailedGetExternalMetric',
};

function failureOf(spec: MetricSpec, error: MetricError): string {
  const resource = spec.resource ?? spec.containerResource;
  if (resource === undefined) return error.message;
  const what =
    resource.target.type === 'Utilization'
      ? `${resource.name} utilization`
      : `${resource.name} resource metric value`;
  return `failed to get ${what}: ${error.message}`;
}

interface Readable {
  readonly wanted: Wanted;
  /** As events and conditions call it. */
  readonly name: string;
  readonly shape: (current: object) => object;
}

/** @throws {MetricError} it is none of the resource metrics API. */
function readable({ type, resource, containerResource, pods, object, external }: MetricSpec): Readable {
  const own = type === 'Resource' ? resource : type === 'ContainerResource' ? containerResource : undefined;
  if (own === undefined) {
    const name = (pods ?? object ?? external)?.metric.name ?? '';
    throw new MetricError(
      type === 'External'
        ? `unable to get external metric ${name}: unable to fetch metrics from external metrics API: no external metrics API (external.metrics.k8s.io) registered`
        : `unable to get metric ${name}: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered`,
    );
  }
  const { name, target } = own;
  const container = type === 'ContainerResource' ? containerResource?.container : undefined;
  const called = `${name} ${container === undefined ? '' : 'container '}resource`;
  const wanted = { resource: name, ...(container !== undefined && { container }) };
  const shape = (current: object): object =>
    container === undefined
      ? { type, resource: { name, current } }
      : { type, containerResource: { name, container, current } };
  if (target.averageValue !== undefined)
    return { wanted: { ...wanted, value: milli(target.averageValue) }, name: called, shape };
  if (target.averageUtilization === undefined)
    throw new MetricError(
      'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
    );
  return {
    wanted: { ...wanted, utilization: target.averageUtilization },
    ...{ name: `${called} utilization (percentage of request)`, shape },
  };
}

/** As a `MetricValueStatus`. */
const currentOf = ({ utilization, averageValue }: Computed): object => ({
  ...(utilization !== undefined && { averageUtilization: utilization }),
  averageValue: averageValue % 1_000 === 0 ? String(averageValue / 1_000) : `${averageValue}m`,
});

function tolerancesOf({ spec: { behavior } }: Autoscaler): Tolerances {
  const of = (text: string | undefined): number =>
    text === undefined ? defaultTolerance : milli(text) / 1_000;
  return { up: of(behavior?.scaleUp?.tolerance), down: of(behavior?.scaleDown?.tolerance) };
}

/** The conditions of an autoscaler, each with when it last changed. */
export class Conditions {
  #all: readonly Condition[];
  readonly #now: number;

  constructor(present: readonly Condition[], now: number) {
    this.#all = present;
    this.#now = now;
  }

  get all(): readonly Condition[] {
    return this.#all;
  }

  set(type: string, status: 'False' | 'True', reason: string, message: string): void {
    const before = this.#all.find((it) => it.type === type);
    const { lastTransitionTime = timestamp(this.#now) } = before?.status === status ? before : {};
    const condition: Condition = { type, status, reason, message, lastTransitionTime };
    this.#all =
      before === undefined
        ? [...this.#all, condition]
        : this.#all.map((it) => (it === before ? condition : it));
  }
}
