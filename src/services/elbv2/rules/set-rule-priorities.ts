import type {
  SetRulePrioritiesCommandInput,
  SetRulePrioritiesOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Call } from '../../service.ts';
import { type ElbContext, requireRule } from '../context.ts';
import { operationNotPermitted, priorityInUse, validationError } from '../errors.ts';
import { elbKey, type ListenerRecord, listeners } from '../records.ts';
import { inOrder, readPriority } from './rule.ts';
import { ruleView } from './rule-view.ts';

/** All of them at once: rules can take each other's place. @throws {Refusal} */
export async function setRulePriorities(
  { state }: ElbContext,
  { RulePriorities = [] }: SetRulePrioritiesCommandInput,
  call: Call,
): Promise<SetRulePrioritiesOutput> {
  if (RulePriorities.length === 0) throw validationError('Rule priorities must be specified');
  const wanted = RulePriorities.map(({ RuleArn = '', Priority }) => ({
    arn: RuleArn,
    priority: readPriority(Priority),
  }));
  if (new Set(wanted.map(({ arn }) => arn)).size < wanted.length)
    throw validationError('A rule cannot be specified more than once');
  const changed = await state.transact((tx) => {
    const byListener = Map.groupBy(wanted, ({ arn }) => {
      const { rule, listener } = requireRule(tx, call, arn);
      if (rule.priority === 'default')
        throw operationNotPermitted(`Default rule '${rule.arn}' priority cannot be changed`);
      return listener.id;
    });
    return [...byListener].flatMap(([id, ofListener]) => {
      const key = elbKey(listeners, call, id);
      const listener = tx.get(listeners, key);
      if (listener === undefined) throw new Error(`The listener ${id} has rules and is not there`);
      const priorities = new Map(ofListener.map(({ arn, priority }) => [arn, priority]));
      const rules = reordered(listener, priorities);
      tx.put(listeners, key, { ...listener, rules });
      return rules.filter(({ arn }) => priorities.has(arn));
    });
  });
  return { Rules: changed.map(ruleView) };
}

function reordered(
  { rules }: ListenerRecord,
  priorities: ReadonlyMap<string, number>,
): ListenerRecord['rules'] {
  const given = [...priorities.values()];
  const twice = given.find((priority, index) => given.indexOf(priority) !== index);
  if (twice !== undefined) throw validationError(`Priority '${twice}' was provided multiple times`);
  const taken = rules.find(
    ({ arn, priority }) => !priorities.has(arn) && priority !== 'default' && given.includes(priority),
  );
  if (taken !== undefined) throw priorityInUse(Number(taken.priority));
  return inOrder(rules.map((rule) => ({ ...rule, priority: priorities.get(rule.arn) ?? rule.priority })));
}
