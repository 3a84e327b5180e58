import type {
  DeleteLoadBalancerCommandInput,
  DescribeCapacityReservationCommandInput,
  DescribeCapacityReservationOutput,
  DescribeLoadBalancerAttributesCommandInput,
  DescribeLoadBalancerAttributesOutput,
  DescribeLoadBalancersCommandInput,
  DescribeLoadBalancersOutput,
  ModifyLoadBalancerAttributesCommandInput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { checkLogPlace, tryLogPlace } from '../access-logs/places.ts';
import { attributeView, changedAttributes } from '../attribute-rules.ts';
import { type ElbContext, findLoadBalancer, putLoadBalancer, requireLoadBalancer } from '../context.ts';
import { loadBalancerNotFound, operationNotPermitted } from '../errors.ts';
import { checkSelection, pageOf } from '../input.ts';
import { removeListener } from '../listeners/put-listener.ts';
import {
  elbKey,
  type LoadBalancerRecord,
  listeners,
  loadBalancerNames,
  loadBalancers,
  scopeText,
} from '../records.ts';
import { balancerAttribute, balancerAttributeRules } from './balancer-attributes.ts';
import { removeNode } from './interfaces.ts';
import { loadBalancerView } from './load-balancer-view.ts';

/** @throws LoadBalancerNotFound, ValidationError */
export function describeLoadBalancers(
  { state }: ElbContext,
  input: DescribeLoadBalancersCommandInput,
  call: Call,
): DescribeLoadBalancersOutput {
  const { items, next } = pageOf(selected(state, input, call), ({ arn }) => arn, input);
  return { LoadBalancers: items.map(loadBalancerView), ...next };
}

function selected(
  reader: Reader,
  { LoadBalancerArns = [], Names = [] }: DescribeLoadBalancersCommandInput,
  call: Call,
): readonly LoadBalancerRecord[] {
  checkSelection({ 'Load balancer ARNs': LoadBalancerArns, 'load balancer names': Names });
  if (LoadBalancerArns.length > 0)
    return [...new Set(LoadBalancerArns)].map((arn) => requireLoadBalancer(reader, call, arn));
  if (Names.length === 0)
    return reader.byIndex(loadBalancers, 'scope', scopeText(call)).map(({ value }) => value);
  const found = [...new Set(Names)].map((name) => ({ name, balancer: named(reader, call, name) }));
  const missing = found.flatMap(({ name, balancer }) => (balancer === undefined ? [name] : []));
  if (missing.length > 0) throw loadBalancerNotFound(missing.join(', '));
  return found.flatMap(({ balancer }) => balancer ?? []);
}

function named(reader: Reader, call: Call, name: string): LoadBalancerRecord | undefined {
  const found = /^[a-zA-Z0-9-]+$/.test(name)
    ? reader.get(loadBalancerNames, elbKey(loadBalancerNames, call, name))
    : undefined;
  return found && reader.get(loadBalancers, elbKey(loadBalancers, call, found.id));
}

/** With its listeners and interfaces; target groups stay. One that isn't there is success. @throws OperationNotPermitted */
export async function deleteLoadBalancer(
  { state }: ElbContext,
  { LoadBalancerArn = '' }: DeleteLoadBalancerCommandInput,
  call: Call,
): Promise<object> {
  await state.transact((tx) => {
    const balancer = findLoadBalancer(tx, call, LoadBalancerArn);
    if (balancer === undefined) return;
    if (balancerAttribute(balancer, 'deletion_protection.enabled') === 'true') {
      throw operationNotPermitted(
        `Load balancer '${balancer.arn}' cannot be deleted because deletion protection is enabled`,
      );
    }
    for (const { id } of balancer.listeners) {
      const listener = tx.get(listeners, elbKey(listeners, call, id));
      if (listener !== undefined) removeListener(tx, call, listener);
    }
    for (const node of balancer.nodes) removeNode(tx, call, node);
    tx.delete(loadBalancerNames, elbKey(loadBalancerNames, call, balancer.name));
    tx.delete(loadBalancers, elbKey(loadBalancers, call, balancer.id));
  });
  return {};
}

/** None: a load balancer has the capacity of its machine. @throws LoadBalancerNotFound */
export function describeCapacityReservation(
  { state }: ElbContext,
  { LoadBalancerArn = '' }: DescribeCapacityReservationCommandInput,
  call: Call,
): DescribeCapacityReservationOutput {
  requireLoadBalancer(state, call, LoadBalancerArn);
  return { CapacityReservationState: [] };
}

/** @throws LoadBalancerNotFound */
export function describeLoadBalancerAttributes(
  { state }: ElbContext,
  { LoadBalancerArn = '' }: DescribeLoadBalancerAttributesCommandInput,
  call: Call,
): DescribeLoadBalancerAttributesOutput {
  const balancer = requireLoadBalancer(state, call, LoadBalancerArn);
  return { Attributes: attributeView(balancerAttributeRules(balancer), balancer) };
}

/** @throws LoadBalancerNotFound, ValidationError, UnsupportedOperation, InvalidConfigurationRequest */
export async function modifyLoadBalancerAttributes(
  context: ElbContext,
  { LoadBalancerArn = '', Attributes = [] }: ModifyLoadBalancerAttributesCommandInput,
  call: Call,
): Promise<DescribeLoadBalancerAttributesOutput> {
  const changed = (before: LoadBalancerRecord): LoadBalancerRecord => {
    const attributes = changedAttributes('Load balancer', balancerAttributeRules(before), before, Attributes);
    return { ...before, attributes };
  };
  const known = requireLoadBalancer(context.state, call, LoadBalancerArn);
  tryLogPlace(context, known, changed(known));
  const balancer = await context.state.transact((tx) => {
    const after = changed(requireLoadBalancer(tx, call, LoadBalancerArn));
    checkLogPlace(after);
    putLoadBalancer(tx, call, after);
    return after;
  });
  return { Attributes: attributeView(balancerAttributeRules(balancer), balancer) };
}
