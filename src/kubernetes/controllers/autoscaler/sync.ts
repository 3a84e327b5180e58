import { again, type Outcome } from '../../../reconcile/index.ts';
import { jsonEqual } from '../../../store/index.ts';
import { scaleOf, withScale } from '../../apiserver/scale.ts';
import { type KubernetesObject, memberOf, numberOf, textOf, timestamp } from '../../objects/object.ts';
import { metricsGroup, type Resource, resourceNamed, storedName } from '../../schema/catalogue.ts';
import { pods, siblingKey, siblingsOf } from '../collections.ts';
import type { Work } from '../controller.ts';
import type { Kept, Pod } from '../objects.ts';
import { messageOf } from '../pod-control.ts';
import type { Memory } from './limits.ts';
import type { Autoscaler, AutoscalerStatus } from './objects.ts';
import { Conditions, noMemory, planAutoscaler } from './plan.ts';

const autoscalerResource = resourceNamed('autoscaling', 'horizontalpodautoscalers');
/** How often what pods use is looked at. */
const lookEveryMs = 15_000;
/** Autoscalers that are remembered; what was looked at longest ago is forgotten first. */
const mostRemembered = 10_000;

/** Gives a target as many pods as what they use asks for; what it found before, this process remembers. */
export function autoscalerSync(): (work: Work<Autoscaler>) => Promise<Outcome> {
  const memories = new Map<string, Memory>();
  return async (work) => {
    const { object: hpa, events, now } = work;
    const found = targetOf(work);
    if (typeof found === 'string') {
      events.warning(hpa, 'FailedGetScale', found);
      await refuse(
        work,
        'FailedGetScale',
        `the HPA controller was unable to get the target's current scale: ${found}`,
      );
      return again(lookEveryMs);
    }
    const { uid } = hpa.metadata;
    const scale = scaleOf(found.resource, found.object);
    const current = numberOf(memberOf(scale, 'spec'), 'replicas');
    const known = memories.get(uid) ?? noMemory(current, now);
    const selector = textOf(memberOf(scale, 'status'), 'selector');
    const target = {
      replicas: current,
      metrics: work.catalogue.find(metricsGroup, 'v1beta1', 'pods') && work.usage,
      pods: selector === '' ? undefined : podsOf(work, selector),
    };
    const plan = planAutoscaler(hpa, target, known, now);
    for (const { reason, message } of plan.warnings) events.warning(hpa, reason, message);
    const conditions = new Conditions(plan.conditions, now);
    let isScaled = false;
    if (plan.rescale !== undefined) isScaled = await rescale(work, found, plan.rescale, conditions);
    // What was not done counts for no policy.
    const { ups, downs } = isScaled ? plan.memory : known;
    remember(memories, uid, { ...plan.memory, ups, downs });
    await putStatus(work, {
      ...{
        currentReplicas: current,
        desiredReplicas: plan.rescale !== undefined && !isScaled ? current : plan.desired,
      },
      ...(plan.currentMetrics.length > 0 && { currentMetrics: plan.currentMetrics }),
      ...(isScaled && { lastScaleTime: timestamp(now) }),
      conditions: conditions.all,
    });
    return again(lookEveryMs);
  };
}

function remember(memories: Map<string, Memory>, uid: string, memory: Memory): void {
  memories.delete(uid);
  memories.set(uid, memory);
  if (memories.size <= mostRemembered) return;
  for (const oldest of memories.keys()) {
    memories.delete(oldest);
    return;
  }
}

interface Found {
  readonly resource: Resource;
  readonly object: KubernetesObject;
}

/** @returns the target, or why there is none. */
function targetOf({ key, object: hpa, reader, catalogue }: Work<Autoscaler>): Found | string {
  const { apiVersion = '', kind, name } = hpa.spec.scaleTargetRef;
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  const resource = catalogue.resources.find(
    (it) => it.group === group && it.kind === kind && it.isNamespaced,
  );
  if (resource === undefined || !resource.subresources.includes('scale'))
    return `no matches for kind "${kind}" in group "${group}"`;
  const collection = { service: 'kubernetes', noun: storedName(resource), indexes: {} };
  const object = reader.get<Kept>(collection, siblingKey(key, collection, name));
  if (object === undefined) return `${resource.name}${group && `.${group}`} "${name}" not found`;
  return { resource, object: object as unknown as KubernetesObject };
}

/** The pods that a scale's selector means: pairs of labels, as `scaleOf` writes them. */
function podsOf({ key, reader }: Work<Autoscaler>, selector: string): readonly Pod[] {
  const pairs = selector.split(',');
  const [first = ''] = pairs;
  return reader
    .byIndex(pods, 'label', `${siblingsOf(key, pods)}${first}`)
    .map(({ value }) => value)
    .filter(({ metadata }) =>
      pairs.every((pair) => {
        const [name = '', value] = pair.split('=');
        return metadata.labels?.[name] === value;
      }),
    );
}

/** @returns whether it was done. */
async function rescale(
  { object: hpa, writer, events }: Work<Autoscaler>,
  { resource, object }: Found,
  { replicas, reason }: { readonly replicas: number; readonly reason: string },
  conditions: Conditions,
): Promise<boolean> {
  try {
    await writer.change<Kept>(
      resource,
      object as unknown as Kept,
      (present) =>
        withScale(resource, present as unknown as KubernetesObject, {
          spec: { replicas },
        }) as unknown as Kept,
      'scale',
    );
    conditions.set(
      ...(['AbleToScale', 'True', 'SucceededRescale'] as const),
      `the HPA controller was able to update the target scale to ${replicas}`,
    );
    events.normal(hpa, 'SuccessfulRescale', `New size: ${replicas}; reason: ${reason}`);
    return true;
  } catch (error) {
    const why = messageOf(error);
    conditions.set(
      ...(['AbleToScale', 'False', 'FailedUpdateScale'] as const),
      `the HPA controller was unable to update the target scale: ${why}`,
    );
    events.warning(hpa, 'FailedRescale', `New size: ${replicas}; reason: ${reason}; error: ${why}`);
    return false;
  }
}

async function refuse(work: Work<Autoscaler>, reason: string, message: string): Promise<void> {
  const { status = { desiredReplicas: 0 } } = work.object;
  const conditions = new Conditions(status.conditions ?? [], work.now);
  conditions.set('AbleToScale', 'False', reason, message);
  const { observedGeneration: _, ...others } = status;
  await putStatus(work, { ...others, conditions: conditions.all });
}

async function putStatus({ object, writer }: Work<Autoscaler>, said: AutoscalerStatus): Promise<void> {
  const { generation } = object.metadata;
  const { lastScaleTime } = object.status ?? {};
  const status = {
    ...(generation !== undefined && { observedGeneration: generation }),
    ...(lastScaleTime !== undefined && { lastScaleTime }),
    ...said,
  };
  if (!jsonEqual(status as never, (object.status ?? {}) as never))
    await writer.putStatus(autoscalerResource, object, status);
}
