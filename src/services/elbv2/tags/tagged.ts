import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { readArn, type Scope } from '../arn.ts';
import {
  findListener,
  findLoadBalancer,
  findRule,
  findTargetGroup,
  putLoadBalancer,
  putTargetGroup,
} from '../context.ts';
import { elbKey, type ListenerRecord, listeners, type Tags } from '../records.ts';

/** What carries tags, whatever it is. */
export interface Tagged {
  readonly tags: Tags;
  put(tx: Transaction, tags: Tags): void;
}

/** Undefined: nothing has the ARN. */
export function findTagged(reader: Reader | Transaction, scope: Scope, arn: string): Tagged | undefined {
  const put = (tx: Transaction, listener: ListenerRecord): void =>
    tx.put(listeners, elbKey(listeners, scope, listener.id), listener);
  switch (readArn(scope, arn)?.type) {
    case 'loadbalancer': {
      const found = findLoadBalancer(reader, scope, arn);
      return found && { tags: found.tags, put: (tx, tags) => putLoadBalancer(tx, scope, { ...found, tags }) };
    }
    case 'targetgroup': {
      const found = findTargetGroup(reader, scope, arn);
      return found && { tags: found.tags, put: (tx, tags) => putTargetGroup(tx, scope, { ...found, tags }) };
    }
    case 'listener': {
      const found = findListener(reader, scope, arn);
      return found && { tags: found.tags, put: (tx, tags) => put(tx, { ...found, tags }) };
    }
    case 'listener-rule': {
      const found = findRule(reader, scope, arn);
      if (found === undefined) return undefined;
      const { listener, rule } = found;
      const withTags = (tags: Tags) =>
        listener.rules.map((each) => (each.id === rule.id ? { ...rule, tags } : each));
      return { tags: rule.tags, put: (tx, tags) => put(tx, { ...listener, rules: withTags(tags) }) };
    }
    case undefined:
      return undefined;
  }
}
