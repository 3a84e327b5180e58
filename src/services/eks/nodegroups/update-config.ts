import type { UpdateNodegroupConfigCommandInput, UpdateNodegroupConfigResponse } from '@aws-sdk/client-eks';
import type { Call } from '../../service.ts';
import type { EksContext } from '../context.ts';
import { invalidParameter, unsupported } from '../errors.ts';
import { madeBy } from '../input.ts';
import type { UpdateParam } from '../updates/record.ts';
import {
  checkLabelKey,
  checkScaling,
  readLabels,
  readTaints,
  readUpdateConfig,
  taintIdentity,
} from './input.ts';
import type { NodegroupRecord } from './record.ts';
import { updateNodegroup } from './update-of-nodegroup.ts';

/**
 * Size, labels, taints and how updates go: nodes that are there get all of it.
 * @throws InvalidParameterException, ResourceInUseException, ResourceNotFoundException
 */
export async function updateNodegroupConfig(
  context: EksContext,
  input: UpdateNodegroupConfigCommandInput,
  call: Call,
): Promise<UpdateNodegroupConfigResponse> {
  const { clusterName = '', nodegroupName = '' } = input;
  if (input.nodeRepairConfig?.enabled === true) throw unsupported('Automatic repair of nodes is');
  if (input.warmPoolConfig?.enabled === true) throw unsupported('Warm pools of node groups are');
  const named = { clusterName, nodegroupName, request: madeBy(input) };
  const update = await updateNodegroup(context, call, named, (_tx, present) => {
    const params = paramsOf(input);
    if (params.length === 0)
      throw invalidParameter('No changes needed for the node group config provided', named);
    return { type: 'ConfigUpdate', params, nodegroup: changed(present, input) };
  });
  return { update };
}

function changed(present: NodegroupRecord, input: UpdateNodegroupConfigCommandInput): NodegroupRecord {
  const { labels: asked = {}, taints: askedTaints = {}, scalingConfig, updateConfig } = input;
  const added = readLabels(asked.addOrUpdateLabels);
  const removed = asked.removeLabels ?? [];
  for (const key of removed) checkLabelKey(key);
  const labels = Object.fromEntries(
    Object.entries({ ...present.labels, ...added }).filter(([key]) => !removed.includes(key)),
  );
  const addedTaints = readTaints(askedTaints.addOrUpdateTaints);
  const gone = new Set([...readTaints(askedTaints.removeTaints), ...addedTaints].map(taintIdentity));
  const kept = present.taints.filter((taint) => !gone.has(taintIdentity(taint)));
  const given = Object.fromEntries(
    Object.entries(scalingConfig ?? {}).filter(([, value]) => value !== undefined),
  );
  return {
    ...{ ...present, labels, taints: readTaints([...kept, ...addedTaints]) },
    scaling: checkScaling({ ...present.scaling, ...given }),
    updateConfig: readUpdateConfig(updateConfig, present.updateConfig),
  };
}

function paramsOf({
  labels = {},
  taints = {},
  scalingConfig = {},
  updateConfig = {},
}: UpdateNodegroupConfigCommandInput): UpdateParam[] {
  const all = [
    ['MinSize', scalingConfig.minSize],
    ['MaxSize', scalingConfig.maxSize],
    ['DesiredSize', scalingConfig.desiredSize],
    ['LabelsToAdd', labels.addOrUpdateLabels],
    ['LabelsToRemove', labels.removeLabels],
    ['TaintsToAdd', taints.addOrUpdateTaints],
    ['TaintsToRemove', taints.removeTaints],
    ['MaxUnavailable', updateConfig.maxUnavailable],
    ['MaxUnavailablePercentage', updateConfig.maxUnavailablePercentage],
    ['UpdateStrategy', updateConfig.updateStrategy],
  ] as const;
  return all.flatMap(([type, value]) => {
    if (value === undefined) return [];
    return [{ type, value: typeof value === 'object' ? JSON.stringify(value) : String(value) }];
  });
}
