import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { Reader, State, Transaction } from '../../reconcile/index.ts';
import type { Scope } from './arn.ts';
import { ruleNotFound } from './errors.ts';
import type { EventLog } from './log/index.ts';
import { type RuleRecord, ruleKey, rules } from './records.ts';

/** What the EventBridge room is given by the composition root. */
export interface EventsContext {
  readonly state: State;
  readonly eventLog: EventLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Hands a line to a log group. @returns false when there is no such group. */
  readonly writeToLogGroup: (
    scope: Scope,
    place: { readonly group: string; readonly stream: string },
    line: { readonly timestamp: number; readonly message: string },
  ) => Promise<boolean>;
}

/** @throws ResourceNotFoundException */
export function requireRule(reader: Reader | Transaction, scope: Scope, name: string): RuleRecord {
  const rule = reader.get(rules, ruleKey(scope, name));
  if (rule === undefined) throw ruleNotFound(name);
  return rule;
}
