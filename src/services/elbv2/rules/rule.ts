import type {
  CreateRuleCommandInput,
  CreateRuleOutput,
  DeleteRuleCommandInput,
  DescribeRulesCommandInput,
  DescribeRulesOutput,
  ModifyRuleCommandInput,
  ModifyRuleOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { newId, ruleArn } from '../arn.ts';
import { type ElbContext, requireListener, requireRule } from '../context.ts';
import { operationNotPermitted, priorityInUse, tooManyRules, validationError } from '../errors.ts';
import { checkSelection, pageOf, readTags } from '../input.ts';
import { requireBoth } from '../listeners/listener.ts';
import { putListener } from '../listeners/put-listener.ts';
import { limits } from '../load-balancers/account-limits.ts';
import { type ListenerRecord, type LoadBalancerRecord, listeners, type RuleRecord } from '../records.ts';
import { ruleActions } from './guard-record.ts';
import { readActions } from './read-action.ts';
import { readConditions } from './read-conditions.ts';
import { changedTransforms, readTransforms } from './read-transforms.ts';
import { ruleView } from './rule-view.ts';

const maxPriority = 50_000;

/** @throws {Refusal} */
export async function createRule(
  context: ElbContext,
  input: CreateRuleCommandInput,
  call: Call,
): Promise<CreateRuleOutput> {
  const conditions = readConditions(input.Conditions);
  const transforms = readTransforms(input.Transforms);
  const given = readActions(input.Actions);
  const priority = readPriority(input.Priority);
  const tags = readTags(input.Tags);
  const rule = await context.state.transact((tx) => {
    const { balancer, listener } = requireBoth(tx, call, input.ListenerArn ?? '');
    refuseAtLayer4(balancer);
    if (listener.rules.some((other) => other.priority === priority)) throw priorityInUse(priority);
    refuseMoreThanMax(tx, balancer, listener);
    const id = newId(context.random);
    const arn = ruleArn(listener.arn, id);
    const actions = ruleActions(tx, context, call, arn, given);
    const made: RuleRecord = {
      ...{ id, arn, priority, conditions, ...actions, tags },
      ...(transforms && { transforms }),
    };
    const after = { ...listener, rules: inOrder([...listener.rules, made]) };
    putListener(tx, call, balancer, listener, after);
    return made;
  });
  return { Rules: [ruleView(rule)] };
}

/** Its conditions, its action, its transforms: what is given. @throws {Refusal} */
export async function modifyRule(
  context: ElbContext,
  input: ModifyRuleCommandInput,
  call: Call,
): Promise<ModifyRuleOutput> {
  const conditions = input.Conditions === undefined ? undefined : readConditions(input.Conditions);
  const given = input.Actions === undefined ? undefined : readActions(input.Actions);
  const rule = await context.state.transact((tx) => {
    const { rule: before, listener } = requireRule(tx, call, input.RuleArn ?? '');
    if (before.priority === 'default')
      throw operationNotPermitted(`Default rule '${before.arn}' cannot be modified`);
    const { balancer } = requireBoth(tx, call, listener.arn);
    const { transforms, ...kept } = before;
    const { order: _order, guard: _guard, ...rest } = kept;
    const changed = changedTransforms(transforms, input);
    const after: RuleRecord = {
      ...(given === undefined
        ? kept
        : { ...rest, ...ruleActions(tx, context, call, before.arn, given, before.guard) }),
      ...(changed && { transforms: changed }),
      ...(conditions && { conditions }),
    };
    const rules = listener.rules.map((each) => (each.id === after.id ? after : each));
    putListener(tx, call, balancer, listener, { ...listener, rules });
    return after;
  });
  return { Rules: [ruleView(rule)] };
}

/** @throws RuleNotFound, OperationNotPermitted */
export async function deleteRule(
  { state }: ElbContext,
  { RuleArn = '' }: DeleteRuleCommandInput,
  call: Call,
): Promise<object> {
  await state.transact((tx) => {
    const { rule, listener } = requireRule(tx, call, RuleArn);
    if (rule.priority === 'default')
      throw operationNotPermitted(`Default rule '${rule.arn}' cannot be deleted`);
    const { balancer } = requireBoth(tx, call, listener.arn);
    const rules = listener.rules.filter(({ id }) => id !== rule.id);
    putListener(tx, call, balancer, listener, { ...listener, rules });
  });
  return {};
}

/** In the order in which they are tried. @throws ListenerNotFound, RuleNotFound, ValidationError */
export function describeRules(
  { state }: ElbContext,
  input: DescribeRulesCommandInput,
  call: Call,
): DescribeRulesOutput {
  const { items, next } = pageOf(selected(state, input, call), placeOf, input);
  return { Rules: items.map(ruleView), ...next };
}

function selected(
  reader: Reader,
  { ListenerArn, RuleArns = [] }: DescribeRulesCommandInput,
  call: Call,
): readonly RuleRecord[] {
  checkSelection({
    'Listener rule ARNs': RuleArns,
    'a listener ARN': ListenerArn === undefined ? [] : [ListenerArn],
  });
  if (RuleArns.length > 0) return [...new Set(RuleArns)].map((arn) => requireRule(reader, call, arn).rule);
  if (ListenerArn === undefined)
    throw validationError('You must specify either listener rule ARNs or a listener ARN');
  return requireListener(reader, call, ListenerArn).rules;
}

/** By which rules sort. */
function placeOf({ priority, arn }: RuleRecord): string {
  const place = priority === 'default' ? maxPriority + 1 : priority;
  return `${String(place).padStart(5, '0')} ${arn}`;
}

export function inOrder(rules: readonly RuleRecord[]): readonly RuleRecord[] {
  return rules.toSorted((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
}

/** @throws ValidationError */
export function readPriority(given: number | undefined): number {
  if (given === undefined) throw validationError('A priority must be specified');
  if (given < 1 || given > maxPriority)
    throw validationError(`Priority '${given}' must be between '1' and '${maxPriority}'`);
  return given;
}

function refuseAtLayer4({ type }: LoadBalancerRecord): void {
  if (type === 'network')
    throw validationError('Rules cannot be created for listeners of network load balancers');
}

/** Without the default ones. */
function refuseMoreThanMax(tx: Transaction, balancer: LoadBalancerRecord, listener: ListenerRecord): void {
  const max = limits['rules-per-application-load-balancer'];
  const ofOthers = tx
    .byIndex(listeners, 'loadBalancer', balancer.arn)
    .reduce((sum, { value }) => sum + (value.id === listener.id ? 0 : value.rules.length - 1), 0);
  if (ofOthers + listener.rules.length - 1 >= max) throw tooManyRules(max);
}
