import { timestamp } from '../../objects/object.ts';
import type { Node, NodeCondition, Taint } from '../node-fit.ts';
import type { Deployment, Kept, Pod, PodTemplate, ReplicaSet } from '../objects.ts';

/** When the tests of plans begin. */
export const start = Date.UTC(2026, 0, 1);

export const template = (
  image = 'nginx:1',
  labels: Record<string, string> = { app: 'web' },
): PodTemplate => ({
  metadata: { labels },
  spec: { containers: [{ name: 'c', image }] },
});

const meta = (name: string, uid = name, at = start): Kept['metadata'] => ({
  ...{ name, namespace: 'default', uid, creationTimestamp: timestamp(at), generation: 1 },
});

export function deployment(
  spec: Partial<Deployment['spec']> = {},
  more: Partial<Omit<Deployment, 'spec'>> = {},
): Deployment {
  return {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: meta('web') },
    spec: {
      ...{ replicas: 10, selector: { matchLabels: { app: 'web' } }, template: template() },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      ...{ revisionHistoryLimit: 10, progressDeadlineSeconds: 600 },
      ...spec,
    },
    ...more,
  };
}

/** @param sizes Wanted, there, and available. */
export function replicaSet(
  name: string,
  [replicas, there = replicas, available = there]: readonly [number, number?, number?],
  more: { readonly image?: string; readonly annotations?: Record<string, string>; readonly at?: number } = {},
): ReplicaSet {
  const { image, annotations = {}, at } = more;
  return {
    ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet' },
    metadata: { ...meta(name, name, at), annotations },
    spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: template(image) },
    status: {
      replicas: there,
      readyReplicas: available,
      availableReplicas: available,
      observedGeneration: 1,
    },
  };
}

export interface PodLike {
  readonly name?: string;
  readonly phase?: string;
  /** Since when it is ready, ms; undefined: it is not. */
  readonly readyAt?: number;
  readonly createdAt?: number;
  readonly node?: string;
  readonly restarts?: number;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly deletedAt?: number;
}

export function pod(name: string, like: PodLike = {}): Pod {
  const { phase = 'Running', readyAt, createdAt, node = 'node-1', restarts = 0, deletedAt } = like;
  const { labels = { app: 'web' }, annotations = {} } = like;
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: {
      ...{ ...meta(name, name, createdAt), labels, annotations },
      ...(deletedAt !== undefined && { deletionTimestamp: timestamp(deletedAt) }),
    },
    spec: { ...(node !== '' && { nodeName: node }), containers: [{ name: 'c', image: 'nginx:1' }] },
    status: {
      phase,
      conditions: [
        readyAt === undefined
          ? { type: 'Ready', status: 'False' }
          : { type: 'Ready', status: 'True', lastTransitionTime: timestamp(readyAt) },
      ],
      containerStatuses: [{ name: 'c', restartCount: restarts }],
    },
  };
}

/** @param ready The status of its condition Ready; `never`: it has none. */
export function node(
  name: string,
  ready: 'False' | 'True' | 'Unknown' | 'never' = 'True',
  more: {
    readonly zone?: string;
    readonly taints?: readonly Taint[];
    readonly heartbeatAt?: number;
    /** Since when it is as it is. */
    readonly since?: number;
    readonly unschedulable?: boolean;
    readonly conditions?: readonly NodeCondition[];
  } = {},
): Node {
  const { zone = 'eu-west-1a', taints = [], heartbeatAt = start, since = start, unschedulable } = more;
  const said: readonly NodeCondition[] =
    ready === 'never'
      ? []
      : [
          {
            ...{ type: 'Ready', status: ready, lastTransitionTime: timestamp(since) },
            lastHeartbeatTime: timestamp(heartbeatAt),
          },
        ];
  const { namespace: _, ...metadata } = meta(name);
  return {
    ...{ apiVersion: 'v1', kind: 'Node' },
    metadata: {
      ...metadata,
      labels: { 'topology.kubernetes.io/region': 'eu-west-1', 'topology.kubernetes.io/zone': zone },
    },
    spec: { taints, ...(unschedulable !== undefined && { unschedulable }) },
    status: { conditions: [...said, ...(more.conditions ?? [])] },
  };
}
