/** Which account and region a name is meant in. */
export interface Scope {
  readonly accountId: string;
  readonly region: string;
}

/** The one bus there is. */
export const defaultBus = 'default';

export const busArn = ({ region, accountId }: Scope, name: string): string =>
  `arn:aws:events:${region}:${accountId}:event-bus/${name}`;

export const ruleArn = ({ region, accountId }: Scope, rule: string): string =>
  `arn:aws:events:${region}:${accountId}:rule/${rule}`;

/** The rule in a rule's ARN of this account and region. */
export function ruleOfArn(scope: Scope, arn: string): string | undefined {
  const prefix = ruleArn(scope, '');
  return arn.startsWith(prefix) && arn.length > prefix.length ? arn.slice(prefix.length) : undefined;
}

/** The log group in a target's ARN of this account and region, with or without `:*`. */
export function logGroupOfTarget({ region, accountId }: Scope, arn: string): string | undefined {
  const prefix = `arn:aws:logs:${region}:${accountId}:log-group:`;
  return arn.startsWith(prefix) ? /^([^:]+)(:\*)?$/.exec(arn.slice(prefix.length))?.[1] : undefined;
}
