import { again, done, type Outcome } from '../../../reconcile/index.ts';
import { timestamp } from '../../objects/object.ts';
import {
  clusterWide,
  keyWithin,
  leases,
  nodeKey,
  nodeLeases,
  nodes,
  parsedKey,
  pods,
} from '../collections.ts';
import type { Work } from '../controller.ts';
import type { Node, Taint } from '../node-fit.ts';
import { nodeResource } from '../node-resource.ts';
import type { Kept, Pod } from '../objects.ts';
import { podResource } from '../pod-control.ts';
import { isReady } from '../pods.ts';
import { isLostRace, withoutVersion } from '../writer.ts';
import { readyCondition } from './objects.ts';
import { type Memory, type NodeStep, noMemory, planNodes } from './plan.ts';
import { taintsByCondition, withEviction, withOlderLabels } from './taints.ts';

/** How often nodes are looked at, whether or not anything is heard of them. */
const lookEveryMs = 5_000;

/** Looks at all nodes of a cluster; what it remembers of them is gone with the process. */
export function nodeHealthSync(): (work: Work<Kept>) => Promise<Outcome> {
  const memories = new Map<string, Memory>();
  return async (work) => {
    const { key, reader, now } = work;
    const { place } = parsedKey(key);
    const present = [...reader.list(nodes, clusterWide(key, nodes))].map(({ value }) => value);
    const leaseOf = ({ metadata }: Node) =>
      reader.get(leases, keyWithin(key, leases, nodeLeases, metadata.name));
    const known = memories.get(place.id) ?? noMemory;
    const plan = planNodes(present, leaseOf, known, now);
    if (present.length === 0) memories.delete(place.id);
    else memories.set(place.id, plan.memory);
    for (const step of plan.steps) await take(work, step);
    return present.length === 0 ? done : again(lookEveryMs);
  };
}

/** A node that was changed meanwhile is judged anew when that is seen. */
async function take(work: Work<Kept>, step: NodeStep): Promise<void> {
  const { events } = work;
  const { node, isNew, isLost } = step;
  const { name } = node.metadata;
  if (isNew)
    events.normal(node, 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`);
  try {
    if (step.unknown !== undefined) await saySilent(work, node, step.unknown);
    if (isLost) events.normal(node, 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
    // One that is seen for the first time may have been lost by a process that ended before it had told its pods.
    if (isLost || (isNew && readyCondition(node)?.reason === 'NodeStatusUnknown'))
      await notReadyPods(work, node);
    if (step.eviction !== 'kept') await taint(work, node, step.eviction);
  } catch (error) {
    if (!isLostRace(error)) throw error;
  }
}

/** Unless something has been heard of it since it was looked at. */
function saySilent(
  { writer }: Work<Kept>,
  node: Node,
  conditions: NonNullable<NodeStep['unknown']>,
): Promise<void> {
  const heartbeat = readyCondition(node)?.lastHeartbeatTime;
  return writer.change<Node>(
    nodeResource,
    node,
    ({ metadata, status, ...present }) => ({
      ...{ ...present, metadata: withoutVersion(metadata) },
      status:
        readyCondition({ ...present, metadata, ...(status && { status }) })?.lastHeartbeatTime === heartbeat
          ? { ...status, conditions }
          : { ...status },
    }),
    'status',
  );
}

function taint(
  { writer, now }: Work<Kept>,
  node: Node,
  eviction: Exclude<NodeStep['eviction'], 'kept'>,
): Promise<void> {
  return writer.change<Node>(nodeResource, node, ({ metadata, spec = {}, ...present }) => ({
    ...{ ...present, metadata: withoutVersion(metadata) },
    spec: withTaints(spec, withEviction(spec.taints ?? [], eviction, now)),
  }));
}

/** Nobody sends them requests any more; whether they run, nobody knows. */
async function notReadyPods({ key, reader, writer, events, now }: Work<Kept>, node: Node): Promise<void> {
  const own = reader.byIndex(pods, 'node', nodeKey(key, node.metadata.name));
  for (const { value: pod } of own.filter(({ value }) => isReady(value))) {
    try {
      await writer.change<Pod>(
        podResource,
        pod,
        ({ metadata, status = {}, ...present }) => ({
          ...{ ...present, metadata: withoutVersion(metadata) },
          status: {
            ...status,
            conditions: (status.conditions ?? []).map((condition) =>
              condition.type === 'Ready' && condition.status === 'True'
                ? { ...condition, status: 'False', lastTransitionTime: timestamp(now) }
                : condition,
            ),
          },
        }),
        'status',
      );
      events.warning(pod, 'NodeNotReady', 'Node is not ready');
    } catch (error) {
      if (!isLostRace(error)) throw error;
    }
  }
}

/** Keeps the taints of a node as its conditions say, and its older labels. */
export async function syncNodeTaints({ object, writer, now }: Work<Node>): Promise<Outcome> {
  const { taints = [] } = object.spec ?? {};
  const { labels = {} } = object.metadata;
  if (taintsByCondition(object, now) === taints && withOlderLabels(labels) === labels) return done;
  await writer.change<Node>(nodeResource, object, ({ metadata, spec = {}, status, ...present }) => ({
    ...present,
    metadata: { ...withoutVersion(metadata), labels: withOlderLabels(metadata.labels ?? {}) },
    spec: withTaints(spec, taintsByCondition({ ...present, metadata, spec, ...(status && { status }) }, now)),
    ...(status && { status }),
  }));
  return done;
}

function withTaints(
  { taints: _, ...spec }: NonNullable<Node['spec']>,
  taints: readonly Taint[],
): NonNullable<Node['spec']> {
  return { ...spec, ...(taints.length > 0 && { taints }) };
}
