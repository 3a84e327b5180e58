import type { AcsServerMessages, AcsTaskIdentifier } from '../../../protocols/acs.ts';
import type { TcsContainerHealth, TcsServerMessages, TcsStatsSet } from '../../../protocols/tcs.ts';

/**
 * Frames on the agents' WebSockets, `{"type": "<Shape>", "message": {...}}`. What comes in is somebody else's:
 * members are read one by one, and what doesn't have the expected form reads as absent.
 */
export interface InboundFrame {
  readonly type: string;
  readonly message: Members;
}

export type Members = Readonly<Record<string, unknown>>;

export type ServerMessages = AcsServerMessages & TcsServerMessages;

/** A text frame taken apart; undefined when it isn't one. */
export function readFrame(text: string): InboundFrame | undefined {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { type, message } = members(frame);
  return typeof type === 'string' ? { type, message: members(message) } : undefined;
}

export function writeFrame<Type extends keyof ServerMessages>(
  type: Type,
  message: ServerMessages[Type],
): string {
  return JSON.stringify({ type, message });
}

function members(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

export function text(message: Members, name: string): string {
  const value = message[name];
  return typeof value === 'string' ? value : '';
}

function list(message: Members, name: string): readonly Members[] {
  const value = message[name];
  return Array.isArray(value) ? value.map(members) : [];
}

/** The tasks that an agent would stop, as it found them missing in the manifest. */
export function stopCandidates(message: Members): readonly Omit<AcsTaskIdentifier, 'desiredStatus'>[] {
  return list(message, 'stopCandidates').map((candidate) => ({
    taskArn: text(candidate, 'taskArn'),
    taskClusterArn: text(candidate, 'taskClusterArn'),
  }));
}

export interface TaskHealth {
  readonly taskArn: string;
  readonly containers: readonly TcsContainerHealth[];
}

/** The health of tasks in a PublishHealthRequest. */
export function taskHealths(message: Members): readonly TaskHealth[] {
  return list(message, 'tasks').map((task) => ({
    taskArn: text(task, 'taskArn'),
    containers: list(task, 'containers').flatMap((container) => {
      const { healthStatus, statusSince } = container;
      const isKnown =
        healthStatus === 'HEALTHY' || healthStatus === 'UNHEALTHY' || healthStatus === 'UNKNOWN';
      return isKnown && typeof statusSince === 'number' && Number.isFinite(statusSince)
        ? [{ containerName: text(container, 'containerName'), healthStatus, statusSince }]
        : [];
    }),
  }));
}

export interface TaskMetric {
  readonly taskArn: string;
  readonly containers: readonly { readonly cpu: TcsStatsSet; readonly memory: TcsStatsSet }[];
  readonly serviceConnect: readonly ServiceConnectMetric[];
}

/** A figure of a task's proxy. */
export interface ServiceConnectMetric {
  readonly name: string;
  readonly value: number;
  readonly dimension: { readonly name: string; readonly value: string };
}

/** What tasks use, in a PublishMetricsRequest; containers without both figures are left out. */
export function taskMetrics(message: Members): readonly TaskMetric[] {
  return list(message, 'taskMetrics').map((task) => ({
    taskArn: text(task, 'taskArn'),
    containers: list(task, 'containerMetrics').flatMap((container) => {
      const cpu = statsSet(container, 'cpuStatsSet');
      const memory = statsSet(container, 'memoryStatsSet');
      return cpu === undefined || memory === undefined ? [] : [{ cpu, memory }];
    }),
    serviceConnect: list(task, 'serviceConnectMetricsWrapper').flatMap(serviceConnectMetrics),
  }));
}

function serviceConnectMetrics(wrapper: Members): ServiceConnectMetric[] {
  const [dimension = {}] = list(wrapper, 'dimensions');
  const named = { name: text(dimension, 'key'), value: text(dimension, 'value') };
  return list(wrapper, 'generalMetrics').flatMap((metric) => {
    const [value] = Array.isArray(metric.metricValues) ? metric.metricValues : [];
    return isFigure(value) ? [{ name: text(metric, 'metricName'), value, dimension: named }] : [];
  });
}

function statsSet(message: Members, name: string): TcsStatsSet | undefined {
  const { min, max, sampleCount, sum } = members(message[name]);
  const isWhole = isFigure(min) && isFigure(max) && isFigure(sampleCount) && isFigure(sum);
  return isWhole && sampleCount > 0 ? { min, max, sampleCount, sum } : undefined;
}

const isFigure = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;
