import type {
  DeleteListenerCommandInput,
  DescribeListenerAttributesCommandInput,
  DescribeListenerAttributesOutput,
  DescribeListenersCommandInput,
  DescribeListenersOutput,
  ModifyListenerAttributesCommandInput,
  ModifyListenerCommandInput,
  ModifyListenerOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { attributeView, changedAttributes } from '../attribute-rules.ts';
import { type ElbContext, putLoadBalancer, requireListener, requireLoadBalancer } from '../context.ts';
import { validationError } from '../errors.ts';
import { checkSelection, pageOf } from '../input.ts';
import {
  elbKey,
  type ListenerRecord,
  type LoadBalancerRecord,
  listeners,
  type RuleRecord,
} from '../records.ts';
import { type RuleActions, ruleActions } from '../rules/guard-record.ts';
import { readActions } from '../rules/read-action.ts';
import { checkPort, readPort, readProtocol } from './create-listener.ts';
import { listenerAttributeRules } from './listener-attributes.ts';
import { listenerView } from './listener-view.ts';
import { putListener, removeListener } from './put-listener.ts';
import { readSecurity } from './security.ts';

/** @throws ListenerNotFound, LoadBalancerNotFound, ValidationError */
export function describeListeners(
  { state }: ElbContext,
  input: DescribeListenersCommandInput,
  call: Call,
): DescribeListenersOutput {
  const { items, next } = pageOf(selected(state, input, call), ({ arn }) => arn, input);
  return { Listeners: items.map(listenerView), ...next };
}

function selected(
  reader: Reader,
  { LoadBalancerArn, ListenerArns = [] }: DescribeListenersCommandInput,
  call: Call,
): readonly ListenerRecord[] {
  checkSelection({
    'Listener ARNs': ListenerArns,
    'a load balancer ARN': LoadBalancerArn === undefined ? [] : [LoadBalancerArn],
  });
  if (ListenerArns.length > 0)
    return [...new Set(ListenerArns)].map((arn) => requireListener(reader, call, arn));
  if (LoadBalancerArn === undefined)
    throw validationError('You must specify either listener ARNs or a load balancer ARN');
  const { arn } = requireLoadBalancer(reader, call, LoadBalancerArn);
  return reader.byIndex(listeners, 'loadBalancer', arn).map(({ value }) => value);
}

/** What the request leaves out stays. @throws {Refusal} as CreateListener */
export async function modifyListener(
  context: ElbContext,
  input: ModifyListenerCommandInput,
  call: Call,
): Promise<ModifyListenerOutput> {
  const given = input.DefaultActions === undefined ? undefined : readActions(input.DefaultActions);
  const listener = await context.state.transact((tx) => {
    const { balancer, listener: before } = requireBoth(tx, call, input.ListenerArn ?? '');
    const protocol =
      input.Protocol === undefined ? before.protocol : readProtocol(balancer.type, input.Protocol);
    const port = input.Port === undefined ? before.port : readPort(input.Port);
    checkPort(balancer, port, before.id);
    const { certificateArns, sslPolicy, alpnPolicy, ...rest } = before;
    const security: Parameters<typeof readSecurity>[5] = {
      certificateArns,
      ...(sslPolicy !== undefined && { sslPolicy }),
      ...(alpnPolicy !== undefined && { alpnPolicy }),
    };
    const after: ListenerRecord = {
      ...{ ...rest, port, protocol },
      ...readSecurity(tx, context, call, protocol, input, security),
      rules:
        given === undefined
          ? rest.rules
          : withDefault(rest, ({ arn, guard }) => ruleActions(tx, context, call, arn, given, guard)),
    };
    putListener(tx, call, balancer, before, after);
    return after;
  });
  return { Listeners: [listenerView(listener)] };
}

function withDefault(
  { rules }: Pick<ListenerRecord, 'rules'>,
  actionsOf: (rule: RuleRecord) => RuleActions,
): ListenerRecord['rules'] {
  return rules.map((rule) => {
    if (rule.priority !== 'default') return rule;
    const { order: _order, guard: _guard, ...rest } = rule;
    return { ...rest, ...actionsOf(rule) };
  });
}

/** With its rules. @throws ListenerNotFound */
export async function deleteListener(
  { state }: ElbContext,
  { ListenerArn = '' }: DeleteListenerCommandInput,
  call: Call,
): Promise<object> {
  await state.transact((tx) => {
    const { balancer, listener } = requireBoth(tx, call, ListenerArn);
    removeListener(tx, call, listener);
    const left = balancer.listeners.filter(({ id }) => id !== listener.id);
    putLoadBalancer(tx, call, { ...balancer, listeners: left });
  });
  return {};
}

/** @throws ListenerNotFound */
export function describeListenerAttributes(
  { state }: ElbContext,
  { ListenerArn = '' }: DescribeListenerAttributesCommandInput,
  call: Call,
): DescribeListenerAttributesOutput {
  const listener = requireListener(state, call, ListenerArn);
  return { Attributes: attributeView(listenerAttributeRules(listener), listener) };
}

/** @throws ListenerNotFound, ValidationError, UnsupportedOperation */
export async function modifyListenerAttributes(
  { state }: ElbContext,
  { ListenerArn = '', Attributes = [] }: ModifyListenerAttributesCommandInput,
  call: Call,
): Promise<DescribeListenerAttributesOutput> {
  const listener = await state.transact((tx) => {
    const before = requireListener(tx, call, ListenerArn);
    const attributes = changedAttributes('Listener', listenerAttributeRules(before), before, Attributes);
    const after = { ...before, attributes };
    tx.put(listeners, elbKey(listeners, call, after.id), after);
    return after;
  });
  return { Attributes: attributeView(listenerAttributeRules(listener), listener) };
}

/** A listener with the load balancer whose it is. @throws ListenerNotFound */
export function requireBoth(
  tx: Transaction,
  call: Call,
  arn: string,
): { readonly balancer: LoadBalancerRecord; readonly listener: ListenerRecord } {
  const listener = requireListener(tx, call, arn);
  return { balancer: requireLoadBalancer(tx, call, listener.loadBalancerArn), listener };
}
