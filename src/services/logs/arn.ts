import { invalidParameter } from './errors.ts';

/** Which account and region a name is meant in. */
export interface Scope {
  readonly accountId: string;
  readonly region: string;
}

/** Without the trailing `:*`: the form that tagging and `logGroupIdentifier` take. */
export const logGroupArn = (scope: Scope, group: string): string =>
  `arn:aws:logs:${scope.region}:${scope.accountId}:log-group:${group}`;

/** With the trailing `:*`: the form that IAM policies and DescribeLogGroups' `arn` have. */
export const logGroupArnWithWildcard = (scope: Scope, group: string): string =>
  `${logGroupArn(scope, group)}:*`;

export const logStreamArn = (scope: Scope, group: string, stream: string): string =>
  `${logGroupArn(scope, group)}:log-stream:${stream}`;

/**
 * The name in a group's ARN, with or without `:*`.
 * @throws InvalidParameterException when it is not the ARN of a log group of this account and region.
 */
export function logGroupOfArn(scope: Scope, arn: string): string {
  const parts = /^arn:aws:logs:([^:]*):([^:]*):log-group:([^:]+)(?::\*)?$/.exec(arn);
  const name = parts?.[3];
  if (name === undefined || parts?.[1] !== scope.region || parts[2] !== scope.accountId) {
    throw invalidParameter(
      `Invalid ARN: ${arn} does not name a log group of account ${scope.accountId} in ${scope.region}.`,
    );
  }
  return name;
}

/** A `logGroupIdentifier`: a name or an ARN. */
export function logGroupOfIdentifier(scope: Scope, identifier: string): string {
  return identifier.startsWith('arn:') ? logGroupOfArn(scope, identifier) : identifier;
}
