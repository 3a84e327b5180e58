import type { Clock, Random } from '../../clock/index.ts';
import type { Reader, State, Transaction } from '../../reconcile/index.ts';
import type { Sealer } from '../../sealing/index.ts';
import { listenerOfRule, readArn, type Scope } from './arn.ts';
import { listenerNotFound, loadBalancerNotFound, ruleNotFound, targetGroupNotFound } from './errors.ts';
import {
  elbKey,
  type ListenerRecord,
  type LoadBalancerRecord,
  listeners,
  loadBalancers,
  type RuleRecord,
  type TargetGroupRecord,
  targetGroups,
} from './records.ts';

/** What the Elastic Load Balancing room is given by the composition root. */
export interface ElbContext {
  readonly state: State;
  readonly clock: Clock;
  readonly random: Random;
  readonly sealer: Sealer;
  /** See `Ec2Context.publicCidr`. */
  readonly publicCidr: string;
  /** Makes AWSServiceRoleForElasticLoadBalancing, unless the account has it. */
  readonly ensureServiceLinkedRole: (accountId: string) => Promise<void>;
  /** Whether the account has a certificate in the region that listeners can be given; in a transaction it stays guarded. */
  readonly hasCertificate: (reader: Reader, scope: Scope, certificateArn: string) => boolean;
  /** Writes what load balancers log. @throws it can't be written there. */
  readonly writeLogObject: (bucket: string, key: string, content: string) => void;
}

/** Undefined for the ARN of something else too. */
export function findLoadBalancer(
  reader: Reader | Transaction,
  scope: Scope,
  arn: string,
): LoadBalancerRecord | undefined {
  const named = readArn(scope, arn);
  if (named?.type !== 'loadbalancer') return undefined;
  const found = reader.get(loadBalancers, elbKey(loadBalancers, scope, named.id));
  return found?.arn === arn ? found : undefined;
}

/** @throws LoadBalancerNotFound */
export function requireLoadBalancer(
  reader: Reader | Transaction,
  scope: Scope,
  arn: string,
): LoadBalancerRecord {
  const found = findLoadBalancer(reader, scope, arn);
  if (found === undefined) throw loadBalancerNotFound();
  return found;
}

/** Undefined for the ARN of something else too. */
export function findTargetGroup(
  reader: Reader | Transaction,
  scope: Scope,
  arn: string,
): TargetGroupRecord | undefined {
  const named = readArn(scope, arn);
  if (named?.type !== 'targetgroup') return undefined;
  const found = reader.get(targetGroups, elbKey(targetGroups, scope, named.id));
  return found?.arn === arn ? found : undefined;
}

/** @throws TargetGroupNotFound */
export function requireTargetGroup(
  reader: Reader | Transaction,
  scope: Scope,
  arn: string,
): TargetGroupRecord {
  const found = findTargetGroup(reader, scope, arn);
  if (found === undefined) throw targetGroupNotFound();
  return found;
}

/** Undefined for the ARN of something else too. */
export function findListener(
  reader: Reader | Transaction,
  scope: Scope,
  arn: string,
): ListenerRecord | undefined {
  const named = readArn(scope, arn);
  if (named?.type !== 'listener') return undefined;
  const found = reader.get(listeners, elbKey(listeners, scope, named.id));
  return found?.arn === arn ? found : undefined;
}

/** @throws ListenerNotFound */
export function requireListener(reader: Reader | Transaction, scope: Scope, arn: string): ListenerRecord {
  const found = findListener(reader, scope, arn);
  if (found === undefined) throw listenerNotFound();
  return found;
}

/** A rule, and the listener that keeps it. */
export interface FoundRule {
  readonly rule: RuleRecord;
  readonly listener: ListenerRecord;
}

/** Undefined for the ARN of something else too. */
export function findRule(reader: Reader | Transaction, scope: Scope, arn: string): FoundRule | undefined {
  if (readArn(scope, arn)?.type !== 'listener-rule') return undefined;
  const listener = findListener(reader, scope, listenerOfRule(arn));
  const rule = listener?.rules.find((each) => each.arn === arn);
  return listener && rule && { listener, rule };
}

/** @throws RuleNotFound */
export function requireRule(reader: Reader | Transaction, scope: Scope, arn: string): FoundRule {
  const found = findRule(reader, scope, arn);
  if (found === undefined) throw ruleNotFound();
  return found;
}

export function putLoadBalancer(tx: Transaction, scope: Scope, record: LoadBalancerRecord): void {
  tx.put(loadBalancers, elbKey(loadBalancers, scope, record.id), record);
}

export function putTargetGroup(tx: Transaction, scope: Scope, record: TargetGroupRecord): void {
  tx.put(targetGroups, elbKey(targetGroups, scope, record.id), record);
}
