import type {
  DeleteRuleCommandInput,
  DescribeRuleCommandInput,
  DescribeRuleResponse,
  DisableRuleCommandInput,
  EnableRuleCommandInput,
  ListRulesCommandInput,
  ListRulesResponse,
  PutRuleCommandInput,
  PutRuleResponse,
  Rule,
} from '@aws-sdk/client-eventbridge';
import { ascending, page } from '../../pages.ts';
import type { Call } from '../../service.ts';
import { checkedTags } from '../../tag-list.ts';
import { defaultBus, ruleArn, type Scope } from '../arn.ts';
import { type EventsContext, requireRule } from '../context.ts';
import { invalidPattern, limitExceeded, unsupported, validationError } from '../errors.ts';
import { InvalidPattern, parsePattern } from '../pattern/index.ts';
import { type RuleRecord, ruleKey, rulePrefix, rules } from '../records.ts';
import { Constraints, nameConstraint, requireDefaultBus } from './constraints.ts';

/** Quotas of EventBridge. */
const maxRules = 300;
const maxPatternLength = 4096;

/** Creates a rule, or configures the one of this name anew; its targets stay. */
export async function putRule(
  { state }: EventsContext,
  input: PutRuleCommandInput,
  call: Call,
): Promise<PutRuleResponse> {
  const { Name: name = '', EventPattern, State = 'ENABLED', Description } = input;
  new Constraints()
    .text('name', input.Name, nameConstraint)
    .text('description', Description, { maxLength: 512 })
    .text('state', State, {
      oneOf: ['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS'],
    })
    .throwIfViolated();
  requireDefaultBus(call, input.EventBusName);
  if (input.ScheduleExpression !== undefined) throw unsupported('A ScheduleExpression is');
  if (input.RoleArn !== undefined) throw unsupported('A RoleArn for a rule is');
  if (State === 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS')
    throw unsupported('Matching CloudTrail management events is');
  if (EventPattern === undefined)
    throw validationError('Parameter(s) EventPattern or ScheduleExpression must be specified.');
  checkPattern(EventPattern);
  await state.transact((tx) => {
    const key = ruleKey(call, name);
    const before = tx.get(rules, key);
    if (before === undefined && [...tx.list(rules, rulePrefix(call))].length >= maxRules)
      throw limitExceeded(`There can be at most ${maxRules} rules on an event bus.`);
    tx.put(rules, key, {
      name,
      ...(Description === undefined ? {} : { description: Description }),
      eventPattern: EventPattern,
      isEnabled: State === 'ENABLED',
      targets: before?.targets ?? [],
      createdBy: before?.createdBy ?? call.accountId,
      // Tags are those of the creation; later they change by TagResource alone.
      tags: before?.tags ?? checkedTags(input.Tags ?? [], validationError),
    });
  });
  return { RuleArn: ruleArn(call, name) };
}

/** @throws InvalidEventPatternException */
export function checkPattern(pattern: string): void {
  if (pattern.length > maxPatternLength)
    throw invalidPattern(`it is longer than ${maxPatternLength} characters`);
  try {
    parsePattern(pattern);
  } catch (error) {
    if (error instanceof InvalidPattern) throw invalidPattern(error.message);
    throw error;
  }
}

export async function describeRule(
  { state }: EventsContext,
  input: DescribeRuleCommandInput,
  call: Call,
): Promise<DescribeRuleResponse> {
  const rule = requireRule(state, call, namedRule(call, input));
  return { ...ruleView(call, rule), CreatedBy: rule.createdBy };
}

export async function listRules(
  { state }: EventsContext,
  input: ListRulesCommandInput,
  call: Call,
): Promise<ListRulesResponse> {
  requireDefaultBus(call, input.EventBusName);
  new Constraints().number('limit', input.Limit, { min: 1, max: 100 }).throwIfViolated();
  const found = [...state.list(rules, rulePrefix(call))]
    .map(({ value }) => value)
    .filter(({ name }) => name.startsWith(input.NamePrefix ?? ''))
    .sort((a, b) => ascending(a.name, b.name));
  const { items, nextToken } = page(found, ({ name }) => name, ascending, {
    limit: input.Limit ?? 100,
    nextToken: input.NextToken,
    refuse: validationError,
  });
  return {
    Rules: items.map((rule) => ruleView(call, rule)),
    ...(nextToken === undefined ? {} : { NextToken: nextToken }),
  };
}

/** A rule goes only when its targets are gone; one that is not there is gone already. */
export async function deleteRule(
  { state }: EventsContext,
  input: DeleteRuleCommandInput,
  call: Call,
): Promise<object> {
  const key = ruleKey(call, namedRule(call, input));
  await state.transact((tx) => {
    const rule = tx.get(rules, key);
    if (rule === undefined) return;
    if (rule.targets.length > 0) throw validationError("Rule can't be deleted since it has targets.");
    tx.delete(rules, key);
  });
  return {};
}

export async function enableRule(
  context: EventsContext,
  input: EnableRuleCommandInput,
  call: Call,
): Promise<object> {
  return setEnabled(context, namedRule(call, input), true, call);
}

export async function disableRule(
  context: EventsContext,
  input: DisableRuleCommandInput,
  call: Call,
): Promise<object> {
  return setEnabled(context, namedRule(call, input), false, call);
}

async function setEnabled(
  { state }: EventsContext,
  name: string,
  isEnabled: boolean,
  call: Call,
): Promise<object> {
  await state.transact((tx) => {
    tx.put(rules, ruleKey(call, name), { ...requireRule(tx, call, name), isEnabled });
  });
  return {};
}

/** @throws ValidationException, ResourceNotFoundException */
export function namedRule(
  scope: Scope,
  { Name, EventBusName }: { readonly Name: string | undefined; readonly EventBusName?: string | undefined },
): string {
  new Constraints().text('name', Name, nameConstraint).throwIfViolated();
  requireDefaultBus(scope, EventBusName);
  return Name ?? '';
}

function ruleView(scope: Scope, rule: RuleRecord): Rule {
  return {
    Name: rule.name,
    Arn: ruleArn(scope, rule.name),
    EventPattern: rule.eventPattern,
    State: rule.isEnabled ? 'ENABLED' : 'DISABLED',
    ...(rule.description === undefined ? {} : { Description: rule.description }),
    EventBusName: defaultBus,
  };
}
