import type { Collection, RecordKey } from '../../reconcile/index.ts';
import { recordKey } from '../../reconcile/index.ts';
import type { Scope } from './arn.ts';

/** What EventBridge keeps in the store: rules with their targets. Events are in the event log (`log/`). */
export interface RuleRecord {
  readonly name: string;
  readonly description?: string;
  /** As it was given; it has been parsed once, so it can be. */
  readonly eventPattern: string;
  readonly isEnabled: boolean;
  readonly targets: readonly TargetRecord[];
  readonly createdBy: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface TargetRecord {
  readonly id: string;
  /** Of a log group. */
  readonly arn: string;
  readonly logGroup: string;
  /** JSON that is handed on instead of the event. */
  readonly input?: string;
  /** `$.detail.taskArn`: the part of the event that is handed on. */
  readonly inputPath?: string;
}

/** `rule/<name>` */
export const rules: Collection<RuleRecord> = { service: 'events', noun: 'rule', indexes: {} };

export const ruleKey = (scope: Scope, name: string): RecordKey =>
  recordKey(rules, scope.accountId, scope.region, name);
export const rulePrefix = (scope: Scope): string => `/events/${scope.accountId}/${scope.region}/rule/`;
