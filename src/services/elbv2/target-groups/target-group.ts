import type {
  DeleteTargetGroupCommandInput,
  DescribeTargetGroupAttributesCommandInput,
  DescribeTargetGroupAttributesOutput,
  DescribeTargetGroupsCommandInput,
  DescribeTargetGroupsOutput,
  ModifyTargetGroupAttributesCommandInput,
  ModifyTargetGroupCommandInput,
  ModifyTargetGroupOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { attributeView, changedAttributes } from '../attribute-rules.ts';
import {
  type ElbContext,
  findTargetGroup,
  putTargetGroup,
  requireLoadBalancer,
  requireTargetGroup,
} from '../context.ts';
import { resourceInUse, targetGroupNotFound, validationError } from '../errors.ts';
import { checkSelection, pageOf } from '../input.ts';
import {
  elbKey,
  scopeText,
  type TargetGroupRecord,
  targetGroupNames,
  targetGroups,
  targets,
} from '../records.ts';
import { groupAttributeRules } from './group-attributes.ts';
import { readHealthCheck } from './health-check.ts';
import { targetGroupView } from './target-group-view.ts';
import { removeTarget } from './targets.ts';

/** @throws TargetGroupNotFound, LoadBalancerNotFound, ValidationError */
export function describeTargetGroups(
  { state }: ElbContext,
  input: DescribeTargetGroupsCommandInput,
  call: Call,
): DescribeTargetGroupsOutput {
  const { items, next } = pageOf(selected(state, input, call), ({ arn }) => arn, input);
  return { TargetGroups: items.map(targetGroupView), ...next };
}

function selected(
  reader: Reader,
  { LoadBalancerArn, TargetGroupArns = [], Names = [] }: DescribeTargetGroupsCommandInput,
  call: Call,
): readonly TargetGroupRecord[] {
  checkSelection({
    'Target group ARNs': TargetGroupArns,
    'target group names': Names,
    'a load balancer ARN': LoadBalancerArn === undefined ? [] : [LoadBalancerArn],
  });
  if (LoadBalancerArn !== undefined) {
    const { arn } = requireLoadBalancer(reader, call, LoadBalancerArn);
    return reader.byIndex(targetGroups, 'loadBalancer', arn).map(({ value }) => value);
  }
  if (TargetGroupArns.length > 0)
    return [...new Set(TargetGroupArns)].map((arn) => requireTargetGroup(reader, call, arn));
  if (Names.length > 0) return [...new Set(Names)].map((name) => named(reader, call, name));
  return reader.byIndex(targetGroups, 'scope', scopeText(call)).map(({ value }) => value);
}

function named(reader: Reader, call: Call, name: string): TargetGroupRecord {
  const found = /^[a-zA-Z0-9-]+$/.test(name)
    ? reader.get(targetGroupNames, elbKey(targetGroupNames, call, name))
    : undefined;
  const group = found && reader.get(targetGroups, elbKey(targetGroups, call, found.id));
  if (group === undefined) throw targetGroupNotFound();
  return group;
}

/** Its health checks; nothing else of it can be changed. @throws TargetGroupNotFound, ValidationError */
export async function modifyTargetGroup(
  { state }: ElbContext,
  input: ModifyTargetGroupCommandInput,
  call: Call,
): Promise<ModifyTargetGroupOutput> {
  const group = await state.transact((tx) => {
    const before = requireTargetGroup(tx, call, input.TargetGroupArn ?? '');
    const after = { ...before, healthCheck: readHealthCheck(before, input, before.healthCheck) };
    putTargetGroup(tx, call, after);
    return after;
  });
  return { TargetGroups: [targetGroupView(group)] };
}

/** With its targets. One that isn't there is success. @throws ResourceInUse */
export async function deleteTargetGroup(
  { state }: ElbContext,
  { TargetGroupArn = '' }: DeleteTargetGroupCommandInput,
  call: Call,
): Promise<object> {
  await state.transact((tx) => {
    const group = findTargetGroup(tx, call, TargetGroupArn);
    if (group === undefined) return;
    if (group.use !== undefined)
      throw resourceInUse(`Target group '${group.arn}' is currently in use by a listener or a rule`);
    // Whoever registers one reads the group, so none comes meanwhile.
    for (const { value } of tx.byIndex(targets, 'targetGroup', group.id)) removeTarget(tx, call, value);
    tx.delete(targetGroupNames, elbKey(targetGroupNames, call, group.name));
    tx.delete(targetGroups, elbKey(targetGroups, call, group.id));
  });
  return {};
}

/** @throws TargetGroupNotFound */
export function describeTargetGroupAttributes(
  { state }: ElbContext,
  { TargetGroupArn = '' }: DescribeTargetGroupAttributesCommandInput,
  call: Call,
): DescribeTargetGroupAttributesOutput {
  const group = requireTargetGroup(state, call, TargetGroupArn);
  return { Attributes: attributeView(groupAttributeRules(group), group) };
}

/** @throws TargetGroupNotFound, ValidationError */
export async function modifyTargetGroupAttributes(
  { state }: ElbContext,
  { TargetGroupArn = '', Attributes = [] }: ModifyTargetGroupAttributesCommandInput,
  call: Call,
): Promise<DescribeTargetGroupAttributesOutput> {
  const group = await state.transact((tx) => {
    const before = requireTargetGroup(tx, call, TargetGroupArn);
    const rules = groupAttributeRules(before);
    const attributes = changedAttributes('Target group', rules, before, Attributes);
    checkTogether({ ...before, attributes });
    const after = { ...before, attributes };
    putTargetGroup(tx, call, after);
    return after;
  });
  return { Attributes: attributeView(groupAttributeRules(group), group) };
}

/** What can't be set at the same time (guide, "Target group attributes"). */
function checkTogether({ attributes }: TargetGroupRecord): void {
  const algorithm = attributes['load_balancing.algorithm.type'] ?? 'round_robin';
  if (algorithm !== 'round_robin' && Number(attributes['slow_start.duration_seconds'] ?? 0) > 0)
    throw validationError(`Slow start cannot be enabled with the load balancing algorithm '${algorithm}'`);
  const isByApplication =
    attributes['stickiness.enabled'] === 'true' && attributes['stickiness.type'] === 'app_cookie';
  const cookie = attributes['stickiness.app_cookie.cookie_name'] ?? '';
  if (isByApplication && cookie === '')
    throw validationError("Target group attribute 'stickiness.app_cookie.cookie_name' must be specified");
  if (/^AWSALB(?:APP|TG)?/i.test(cookie) || !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]*$/.test(cookie))
    throw validationError(`The application cookie name '${cookie.slice(0, 255)}' is not valid`);
}
