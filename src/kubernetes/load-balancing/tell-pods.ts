import type { Work } from '../controllers/controller.ts';
import { conditionOf, type Kept, type Pod } from '../controllers/objects.ts';
import { withoutVersion } from '../controllers/writer.ts';
import { timestamp } from '../objects/object.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import type { Site } from './infrastructure.ts';
import type { WantedTargetGroup } from './model.ts';
import { gateOf } from './readiness-gates.ts';
import { findTargetGroup } from './target-groups.ts';

const pods = resourceNamed('', 'pods');

/** A target group whose health pods wait for: by its own name, or by that of the binding that fills it. */
type TellingGroup = Pick<WantedTargetGroup, 'name' | 'targets'> & { readonly arn?: string };

/** What Elastic Load Balancing says of a target. */
interface Health {
  readonly State?: string | undefined;
  readonly Reason?: string | undefined;
  readonly Description?: string | undefined;
}

/**
 * Tells the pods that wait for it how they are in their target groups, by conditions.
 * @returns whether some still wait: health changes without a change of any object.
 */
export async function tellPods(
  { ask }: Site,
  { targetGroups }: { readonly targetGroups: readonly TellingGroup[] },
  work: Pick<Work<Kept>, 'writer' | 'now'>,
): Promise<boolean> {
  let isWaiting = false;
  for (const group of targetGroups) {
    const waiting = group.targets.flatMap(({ waiting: pod, id, port }) => (pod ? [{ pod, id, port }] : []));
    if (waiting.length === 0) continue;
    const healths = await healthsIn(ask, group);
    for (const { pod, id, port } of waiting) {
      const health = healths.get(`${id}:${port}`);
      if (health?.State !== 'healthy') isWaiting = true;
      await tell(work, pod, gateOf(group.name), health);
    }
  }
  return isWaiting;
}

async function healthsIn(
  ask: Site['ask'],
  { name, arn }: TellingGroup,
): Promise<ReadonlyMap<string, Health | undefined>> {
  const TargetGroupArn = arn ?? (await findTargetGroup({ ask }, name))?.TargetGroupArn ?? '';
  const { TargetHealthDescriptions = [] } = await ask('elasticloadbalancing', 'DescribeTargetHealth', {
    TargetGroupArn,
  });
  return new Map(
    TargetHealthDescriptions.map(({ Target, TargetHealth }) => [
      `${Target?.Id}:${Target?.Port}`,
      TargetHealth,
    ]),
  );
}

async function tell(
  { writer, now }: Pick<Work<Kept>, 'writer' | 'now'>,
  pod: Pod,
  type: string,
  health: Health | undefined,
): Promise<void> {
  const status = health === undefined ? 'Unknown' : health.State === 'healthy' ? 'True' : 'False';
  const { Reason: reason, Description: message } = health ?? {};
  const said = { type, status, ...(reason && { reason }), ...(message && { message }) };
  const before = conditionOf(pod.status, type);
  if (before?.status === status && before.reason === reason && before.message === message) return;
  const lastTransitionTime =
    before?.status === status ? (before.lastTransitionTime ?? timestamp(now)) : timestamp(now);
  await writer.change<Pod>(
    pods,
    pod,
    ({ metadata, status: present, ...rest }) => ({
      ...{ ...rest, metadata: withoutVersion(metadata) },
      status: {
        ...present,
        conditions: [
          ...(present?.conditions ?? []).filter((condition) => condition.type !== type),
          { ...said, lastTransitionTime },
        ],
      },
    }),
    'status',
  );
}
