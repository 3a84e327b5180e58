import { jsonEqual } from '../../store/index.ts';
import { controlPlane } from '../apiserver/admission/chain.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import { ApiError } from '../apiserver/status.ts';
import { Writer } from '../controllers/writer.ts';
import {
  type JsonObject,
  type KubernetesObject,
  memberOf,
  objectsIn,
  textOf,
  timestamp,
} from '../objects/object.ts';
import { builtInFlows } from './built-in-flows.ts';
import { flowSchemas, priorityLevels } from './flow-objects.ts';
import { autoUpdateAnnotation } from './mandatory.ts';

/** As upstream's two hands are called in managed fields. */
const writerOf = (cluster: Cluster, hand: 'consumer' | 'producer'): Writer =>
  new Writer(cluster, {
    by: controlPlane,
    program: `api-priority-and-fairness-config-${hand}-v1`,
  });

/**
 * Has a cluster's flows be what they should: what is built in is there and says what it said, unless it was taken over, and each
 * FlowSchema tells whether its level is there.
 * @returns whether that is so; a faster writer may have come between.
 */
export async function syncFlows(cluster: Cluster): Promise<boolean> {
  try {
    await keepBuiltIn(cluster);
    await tellDangling(cluster);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.code < 500) return false;
    throw error;
  }
}

async function keepBuiltIn(cluster: Cluster): Promise<void> {
  const writer = writerOf(cluster, 'producer');
  for (const { resource, bodies } of builtInFlows) {
    for (const body of bodies) {
      const present = cluster.inMemory.get(resource, undefined, body.metadata.name);
      if (present === undefined) await writer.create(resource, undefined, body);
      else if (isKept(present) && !jsonEqual(memberOf(present, 'spec'), specOf(body, present)))
        await writer.changeNamed(resource, undefined, body.metadata.name, (it) => ({
          ...it,
          spec: specOf(body, present),
        }));
    }
  }
}

/** Whoever takes one over says so by the annotation. */
const isKept = ({ metadata }: KubernetesObject): boolean =>
  metadata.annotations?.[autoUpdateAnnotation] === 'true';

/** What is set by itself where it is not said stays; how much the exempt level lends is its owner's. */
function specOf({ spec }: { readonly spec: JsonObject }, present: KubernetesObject): JsonObject {
  const { exempt } = memberOf(present, 'spec');
  return exempt === undefined ? spec : { ...spec, exempt };
}

async function tellDangling(cluster: Cluster): Promise<void> {
  const writer = writerOf(cluster, 'consumer');
  const levels = new Set(cluster.inMemory.all(priorityLevels).map(({ metadata }) => metadata.name));
  await Promise.all(
    cluster.inMemory.all(flowSchemas).map(async (schema) => {
      const status = statusOf(schema, levels, cluster.clock.now());
      if (status === undefined) return;
      const { name } = schema.metadata;
      await writer.changeNamed(flowSchemas, undefined, name, (it) => ({ ...it, status }), 'status');
    }),
  );
}

/** Undefined: it says so already. */
function statusOf(
  schema: KubernetesObject,
  levels: ReadonlySet<string>,
  now: number,
): JsonObject | undefined {
  const level = textOf(memberOf(memberOf(schema, 'spec'), 'priorityLevelConfiguration'), 'name');
  const wanted = danglingCondition(level, levels.has(level));
  const conditions = objectsIn(memberOf(schema, 'status'), 'conditions');
  const present = conditions.find(({ type }) => type === wanted.type);
  if (present?.status === wanted.status && present.message === wanted.message) return undefined;
  const lastTransitionTime =
    present !== undefined && present.status === wanted.status
      ? textOf(present, 'lastTransitionTime')
      : timestamp(now);
  const others = conditions.filter(({ type }) => type !== wanted.type);
  return { ...memberOf(schema, 'status'), conditions: [...others, { ...wanted, lastTransitionTime }] };
}

/** In upstream's words. */
function danglingCondition(level: string, isThere: boolean) {
  const named = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)}`;
  return isThere
    ? { type: 'Dangling', status: 'False', reason: 'Found', message: `${named} and it exists` }
    : {
        ...{ type: 'Dangling', status: 'True', reason: 'NotFound' },
        message: `${named} but there is no such object`,
      };
}
