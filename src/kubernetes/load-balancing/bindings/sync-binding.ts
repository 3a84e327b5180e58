import { again, done, type Outcome, type Reader } from '../../../reconcile/index.ts';
import type { KubernetesContext } from '../../context.ts';
import { clusterWide } from '../../controllers/collections.ts';
import type { Work } from '../../controllers/controller.ts';
import { withoutVersion } from '../../controllers/writer.ts';
import type { Resource } from '../../schema/catalogue.ts';
import { siteOf } from '../clusters.ts';
import { bindingFinalizer } from '../finalizers.ts';
import { refusalOf, type Site } from '../infrastructure.ts';
import { ModelError } from '../model.ts';
import { admitBy } from '../security-groups.ts';
import { inTurn, setFinalizer } from '../sync.ts';
import { ensureTargets, findTargetGroup } from '../target-groups.ts';
import { tellPods } from '../tell-pods.ts';
import { bindingsGroup, bindingsPlural, type TargetGroupBinding, targetGroupBindings } from './objects.ts';
import { bindingTargets, openingsOf } from './wanted.ts';

/** What others refuse is looked at again so often, and pods that wait for their health. */
const refusedMs = 10_000;
const unhealthyMs = 1_000;

type Turn = Work<TargetGroupBinding> & { readonly site: Site; readonly resource: Resource };

/** A turn of a binding: its target group has the targets that it says, or, when it goes, none. */
export function syncBinding(
  context: KubernetesContext,
): (work: Work<TargetGroupBinding>) => Promise<Outcome> {
  return async (work) => {
    const { key, object, reader, events, catalogue } = work;
    const resource = catalogue.find(bindingsGroup, 'v1beta1', bindingsPlural);
    try {
      const site = siteOf(context, reader, key);
      // Somebody has deleted the definition, or the cluster.
      if (site === undefined || resource === undefined) return done;
      const turn: Turn = { ...work, site, resource };
      return object.metadata.deletionTimestamp === undefined ? await fill(turn) : await empty(turn);
    } catch (error) {
      const why = error instanceof ModelError ? error.message : refusalOf(error);
      if (why === undefined) throw error;
      events.warning(object, 'FailedReconcile', `Failed reconcile due to ${why}`);
      return error instanceof ModelError && !error.mayChange ? done : again(refusedMs);
    }
  };
}

async function fill(turn: Turn): Promise<Outcome> {
  const { key, object, reader, site, events } = turn;
  const group = await describe(site, object);
  if (group === undefined)
    throw new ModelError(`the target group ${namedBy(object)} is not there`, { mayChange: true });
  const { spec } = object;
  for (const [field, said, is] of [
    ['targetType', spec.targetType, group.targetType],
    ['vpcID', spec.vpcID, group.vpcId],
  ])
    if (said !== undefined && said !== is)
      throw new ModelError(`the ${field} of the target group is ${is}, not ${said}`);
  if (group.targetType !== 'ip' && group.targetType !== 'instance')
    throw new ModelError(`targets of the type ${group.targetType} are not supported`);
  await setFinalizer({ ...turn, finalizer: bindingFinalizer }, true);
  await fillIn(turn, group);
  const found = bindingTargets(reader, key, object, group.targetType);
  if ('missing' in found) events.warning(object, 'BackendNotFound', `backend not found: ${found.missing}`);
  const targets = 'missing' in found ? [] : found;
  await admit(turn);
  await inTurn(group.arn, () => ensureTargets(site, group.arn, { targets }));
  const isWaiting = await tellPods(
    site,
    { targetGroups: [{ name: object.metadata.name, arn: group.arn, targets }] },
    turn,
  );
  await tell(turn);
  return isWaiting ? again(unhealthyMs) : done;
}

/** All targets are deregistered, whoever has registered them: the controller takes a group to be the binding's own. */
async function empty(turn: Turn): Promise<Outcome> {
  const { object, site } = turn;
  if (!(object.metadata.finalizers ?? []).includes(bindingFinalizer)) return done;
  const group = await describe(site, object);
  if (group !== undefined) await inTurn(group.arn, () => ensureTargets(site, group.arn, { targets: [] }));
  await admit(turn);
  await setFinalizer({ ...turn, finalizer: bindingFinalizer }, false);
  return done;
}

interface FoundGroup {
  readonly arn: string;
  readonly targetType: string;
  readonly vpcId: string;
}

const namedBy = ({ spec: { targetGroupARN, targetGroupName = '' } }: TargetGroupBinding): string =>
  targetGroupARN ?? targetGroupName;

/** "If you provide both targetGroupARN and targetGroupName, the targetGroupARN takes precedence." */
async function describe(site: Site, object: TargetGroupBinding): Promise<FoundGroup | undefined> {
  const found = await findTargetGroup(site, namedBy(object));
  if (found === undefined) return undefined;
  const { TargetGroupArn: arn = '', TargetType: targetType = '', VpcId: vpcId = '' } = found;
  return { arn, targetType, vpcId };
}

/** What the controller's webhook fills in where nothing is said. */
async function fillIn({ writer, resource, object }: Turn, group: FoundGroup): Promise<void> {
  const known = { targetGroupARN: group.arn, targetType: group.targetType, vpcID: group.vpcId };
  if (Object.keys(known).every((field) => field in object.spec)) return;
  await writer.change<TargetGroupBinding>(resource, object, ({ metadata, spec, ...present }) => ({
    ...{ ...present, metadata: withoutVersion(metadata) },
    spec: { ...known, ...spec } as TargetGroupBinding['spec'],
  }));
}

/** All bindings of a cluster together: what one lets in, another may too. Those that say nothing that can be read let nobody in. */
async function admit({ key, object, reader, site }: Turn): Promise<void> {
  const isThere = ({ metadata }: TargetGroupBinding): boolean => metadata.deletionTimestamp === undefined;
  const own = isThere(object) ? openingsOf(object) : [];
  await inTurn(site.cluster.clusterSecurityGroupId ?? '', () => {
    const others = bindingsOf(reader, key).filter((record) => record.key !== key && isThere(record.value));
    return admitBy(site, [...own, ...others.flatMap(({ value }) => readable(value))]);
  });
}

function readable(binding: TargetGroupBinding): ReturnType<typeof openingsOf> {
  try {
    return openingsOf(binding);
  } catch (error) {
    if (error instanceof ModelError) return [];
    throw error;
  }
}

const bindingsOf = (reader: Reader, key: string) => [
  ...reader.list(targetGroupBindings, clusterWide(key, targetGroupBindings)),
];

async function tell({ writer, resource, object, events }: Turn): Promise<void> {
  const { generation } = object.metadata;
  if (generation === undefined || object.status?.observedGeneration === generation) return;
  await writer.putStatus(resource, object, { observedGeneration: generation });
  events.normal(object, 'SuccessfullyReconciled', 'Successfully reconciled');
}
