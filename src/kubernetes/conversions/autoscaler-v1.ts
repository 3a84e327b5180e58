import type { Json } from '../../store/index.ts';
import {
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  objectsIn,
  textOf,
} from '../objects/object.ts';
import type { Conversion } from './conversion.ts';

/**
 * Autoscalers of version 1 have one number for the use of processors. What version 2 says besides stands in annotations,
 * where the older version carries it along.
 */
const prefix = 'autoscaling.alpha.kubernetes.io/';
const annotationNames = ['metrics', 'behavior', 'conditions', 'current-metrics'].map((name) => prefix + name);

export const autoscalerV1: Conversion = {
  fromStored: (object) => {
    const [spec, status] = [memberOf(object, 'spec'), memberOf(object, 'status')];
    const { metrics: _, behavior, ...rest } = spec;
    const { conditions, currentMetrics: _2, ...seen } = status;
    const [targets, others] = split(objectsIn(spec, 'metrics'), (it) => utilizationOf(it, 'target'));
    const [current, otherCurrent] = split(objectsIn(status, 'currentMetrics'), (it) =>
      utilizationOf(it, 'current'),
    );
    const kept = {
      metrics: others.length > 0 ? others.map(toOlder) : undefined,
      behavior,
      conditions: listOf(status, 'conditions').length > 0 ? conditions : undefined,
      'current-metrics': otherCurrent.length > 0 ? otherCurrent : undefined,
    };
    return {
      ...object,
      apiVersion: 'autoscaling/v1',
      metadata: annotated(object, kept),
      spec: { ...rest, ...(targets !== undefined && { targetCPUUtilizationPercentage: targets }) },
      ...(object.status !== undefined && {
        status: { ...seen, ...(current !== undefined && { currentCPUUtilizationPercentage: current }) },
      }),
    };
  },
  toStored: (object) => {
    const { targetCPUUtilizationPercentage: target, ...spec } = memberOf(object, 'spec');
    const { currentCPUUtilizationPercentage: current, ...status } = memberOf(object, 'status');
    const [kept, metadata] = unannotated(object);
    const metrics = [
      ...listed(kept.metrics).map(toNewer),
      ...(target === undefined ? [] : [cpuMetric('target', target)]),
    ];
    const currentMetrics = [
      ...listed(kept['current-metrics']),
      ...(current === undefined ? [] : [cpuMetric('current', current)]),
    ];
    return {
      ...object,
      ...{ apiVersion: 'autoscaling/v2', metadata },
      spec: {
        ...spec,
        ...(metrics.length > 0 && { metrics }),
        ...(isJsonObject(kept.behavior) && { behavior: kept.behavior }),
      },
      ...(object.status !== undefined && {
        status: {
          ...status,
          ...(currentMetrics.length > 0 && { currentMetrics }),
          ...(Array.isArray(kept.conditions) && { conditions: kept.conditions }),
        },
      }),
    };
  },
};

const listed = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];

/** The percentage of processors that a metric says; undefined: it says something else. */
function utilizationOf(metric: JsonObject, what: 'current' | 'target'): Json | undefined {
  const resource = memberOf(metric, 'resource');
  if (textOf(metric, 'type') !== 'Resource' || textOf(resource, 'name') !== 'cpu') return undefined;
  const value = memberOf(resource, what);
  return value.averageValue === undefined || what === 'current' ? value.averageUtilization : undefined;
}

const cpuMetric = (what: 'current' | 'target', averageUtilization: Json): JsonObject => ({
  type: 'Resource',
  resource: {
    name: 'cpu',
    [what]: { ...(what === 'target' && { type: 'Utilization' }), averageUtilization },
  },
});

/** The first metric's number that version 1 has a member for, and all others. */
function split(
  metrics: readonly JsonObject[],
  numberOf: (metric: JsonObject) => Json | undefined,
): readonly [Json | undefined, readonly JsonObject[]] {
  const first = metrics.find((metric) => numberOf(metric) !== undefined);
  return [first && numberOf(first), metrics.filter((metric) => metric !== first)];
}

/** A metric as version 1 writes it into its annotation. */
function toOlder(metric: JsonObject): JsonObject {
  return withSource(metric, (source) => {
    const { metric: named, target, describedObject, ...rest } = source;
    const { name, selector } = isJsonObject(named) ? named : {};
    const { type: _, averageUtilization, averageValue, value } = isJsonObject(target) ? target : {};
    const isExternal = metric.type === 'External';
    return present({
      ...rest,
      ...(describedObject !== undefined && { target: describedObject }),
      metricName: name,
      [isExternal ? 'metricSelector' : 'selector']: selector,
      targetAverageUtilization: averageUtilization,
      [metric.type === 'Object' ? 'averageValue' : 'targetAverageValue']: averageValue,
      targetValue: value,
    });
  });
}

function toNewer(metric: JsonObject): JsonObject {
  return withSource(metric, (source) => {
    const { metricName, metricSelector, selector, target, ...rest } = source;
    const { targetAverageUtilization, targetAverageValue, averageValue, targetValue, ...others } = rest;
    const average = targetAverageValue ?? averageValue;
    const type =
      targetAverageUtilization !== undefined
        ? 'Utilization'
        : average !== undefined
          ? 'AverageValue'
          : 'Value';
    return present({
      ...others,
      describedObject: target,
      metric:
        metricName === undefined
          ? undefined
          : present({ name: metricName, selector: metricSelector ?? selector }),
      target: present({
        ...{ type, averageUtilization: targetAverageUtilization, averageValue: average, value: targetValue },
      }),
    });
  });
}

/** `Pods` stands in `pods`, `ContainerResource` in `containerResource`. */
function withSource(metric: JsonObject, change: (source: JsonObject) => JsonObject): JsonObject {
  const type = textOf(metric, 'type');
  const field = type.charAt(0).toLowerCase() + type.slice(1);
  return { ...metric, [field]: change(memberOf(metric, field)) };
}

const present = (members: Readonly<Record<string, Json | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as JsonObject;

function annotated(
  { metadata }: KubernetesObject,
  kept: Readonly<Record<string, Json | undefined>>,
): KubernetesObject['metadata'] {
  const entries = Object.entries(present(kept)).map(([name, value]) => [
    prefix + name,
    JSON.stringify(value),
  ]);
  if (entries.length === 0) return metadata;
  return { ...metadata, annotations: { ...metadata.annotations, ...Object.fromEntries(entries) } };
}

function unannotated({
  metadata,
}: KubernetesObject): readonly [Readonly<Record<string, Json | undefined>>, KubernetesObject['metadata']] {
  const { annotations = {}, ...others } = metadata;
  const kept: Record<string, Json> = {};
  const left: Record<string, string> = {};
  for (const [name, text] of Object.entries(annotations)) {
    const value = annotationNames.includes(name) ? parsed(text) : undefined;
    // What is no JSON is somebody's own remark.
    if (value === undefined) left[name] = text;
    else kept[name.slice(prefix.length)] = value;
  }
  return [kept, { ...others, ...(Object.keys(left).length > 0 && { annotations: left }) }];
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
