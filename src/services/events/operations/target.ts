import type {
  ListRuleNamesByTargetCommandInput,
  ListRuleNamesByTargetResponse,
  ListTargetsByRuleCommandInput,
  ListTargetsByRuleResponse,
  PutTargetsCommandInput,
  PutTargetsResponse,
  RemoveTargetsCommandInput,
  RemoveTargetsResponse,
  Target,
} from '@aws-sdk/client-eventbridge';
import { ascending, page } from '../../pages.ts';
import type { Call } from '../../service.ts';
import { logGroupOfTarget, type Scope } from '../arn.ts';
import { type EventsContext, requireRule } from '../context.ts';
import { limitExceeded, unsupported, validationError } from '../errors.ts';
import { inputPathPattern } from '../input-path.ts';
import { ruleKey, rulePrefix, rules, type TargetRecord } from '../records.ts';
import { Constraints, nameConstraint, requireDefaultBus } from './constraints.ts';
import { namedRule } from './rule.ts';

const maxTargets = 5;

/** Adds targets, or replaces those of the same id; all or none. */
export async function putTargets(
  { state }: EventsContext,
  { Rule: Name, EventBusName, Targets = [] }: PutTargetsCommandInput,
  call: Call,
): Promise<PutTargetsResponse> {
  const name = namedRule(call, { Name, EventBusName });
  const added = Targets.map((target, index) => targetOf(call, target, index));
  await state.transact((tx) => {
    const rule = requireRule(tx, call, name);
    const targets = new Map(rule.targets.map((target) => [target.id, target]));
    for (const target of added) targets.set(target.id, target);
    if (targets.size > maxTargets) throw limitExceeded(`A rule can have at most ${maxTargets} targets.`);
    tx.put(rules, ruleKey(call, name), { ...rule, targets: [...targets.values()] });
  });
  return { FailedEntryCount: 0, FailedEntries: [] };
}

/** What a target may have besides, and nothing here could heed. */
const unheeded = [
  'RoleArn',
  'InputTransformer',
  'KinesisParameters',
  'RunCommandParameters',
  'EcsParameters',
  'BatchParameters',
  'SqsParameters',
  'HttpParameters',
  'RedshiftDataParameters',
  'SageMakerPipelineParameters',
  'DeadLetterConfig',
  'RetryPolicy',
  'AppSyncParameters',
] as const;

function targetOf(scope: Scope, target: Target, index: number): TargetRecord {
  const { Id: id = '', Arn: arn = '', Input: input, InputPath: inputPath } = target;
  const path = `targets.${index + 1}.member`;
  new Constraints()
    .text(`${path}.id`, target.Id, nameConstraint)
    .text(`${path}.arn`, target.Arn, { isRequired: true, minLength: 1, maxLength: 1600 })
    .text(`${path}.input`, input, { maxLength: 8192 })
    .text(`${path}.inputPath`, inputPath, { maxLength: 256 })
    .throwIfViolated();
  const logGroup = logGroupOfTarget(scope, arn);
  if (logGroup === undefined) {
    throw unsupported(
      `The target ${arn} of ${id} (targets are CloudWatch Logs log groups of this account and region) is`,
    );
  }
  for (const name of unheeded)
    if (target[name] !== undefined) throw unsupported(`${name} of the target ${id} is`);
  if (input !== undefined && inputPath !== undefined)
    throw validationError(`Only one of Input and InputPath can be given for the target ${id}.`);
  if (input !== undefined && !isJson(input))
    throw validationError(`Input for target ${id} is not valid JSON text.`);
  if (inputPath !== undefined && !inputPathPattern.test(inputPath))
    throw unsupported(
      `The InputPath ${inputPath} of ${id} (names after dots are, such as $.detail.taskArn) is`,
    );
  return {
    id,
    arn,
    logGroup,
    ...(input === undefined ? {} : { input }),
    ...(inputPath === undefined ? {} : { inputPath }),
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Ids that are not there are gone already. */
export async function removeTargets(
  { state }: EventsContext,
  { Rule: Name, EventBusName, Ids = [] }: RemoveTargetsCommandInput,
  call: Call,
): Promise<RemoveTargetsResponse> {
  const name = namedRule(call, { Name, EventBusName });
  await state.transact((tx) => {
    const rule = requireRule(tx, call, name);
    tx.put(rules, ruleKey(call, name), {
      ...rule,
      targets: rule.targets.filter(({ id }) => !Ids.includes(id)),
    });
  });
  return { FailedEntryCount: 0, FailedEntries: [] };
}

export async function listTargetsByRule(
  { state }: EventsContext,
  { Rule: Name, EventBusName, NextToken, Limit }: ListTargetsByRuleCommandInput,
  call: Call,
): Promise<ListTargetsByRuleResponse> {
  const { targets } = requireRule(state, call, namedRule(call, { Name, EventBusName }));
  const sorted = targets.toSorted((a, b) => ascending(a.id, b.id));
  const { items, nextToken } = page(sorted, ({ id }) => id, ascending, {
    limit: Limit ?? 100,
    nextToken: NextToken,
    refuse: validationError,
  });
  return {
    Targets: items.map(({ id, arn, input, inputPath }) => ({
      Id: id,
      Arn: arn,
      ...(input === undefined ? {} : { Input: input }),
      ...(inputPath === undefined ? {} : { InputPath: inputPath }),
    })),
    ...(nextToken === undefined ? {} : { NextToken: nextToken }),
  };
}

export async function listRuleNamesByTarget(
  { state }: EventsContext,
  { TargetArn, EventBusName, NextToken, Limit }: ListRuleNamesByTargetCommandInput,
  call: Call,
): Promise<ListRuleNamesByTargetResponse> {
  requireDefaultBus(call, EventBusName);
  const found = [...state.list(rules, rulePrefix(call))]
    .filter(({ value }) => value.targets.some(({ arn }) => arn === TargetArn))
    .map(({ value }) => value.name)
    .sort(ascending);
  const { items, nextToken } = page(found, (name) => name, ascending, {
    limit: Limit ?? 100,
    nextToken: NextToken,
    refuse: validationError,
  });
  return { RuleNames: [...items], ...(nextToken === undefined ? {} : { NextToken: nextToken }) };
}
