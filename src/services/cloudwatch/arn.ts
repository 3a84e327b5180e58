import { invalidValue } from './errors.ts';

/** Which account and region a name is meant in. */
export interface Scope {
  readonly accountId: string;
  readonly region: string;
}

export const alarmArn = ({ region, accountId }: Scope, name: string): string =>
  `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}`;

/**
 * The name in an alarm's ARN.
 * @throws InvalidParameterValueException when it is not the ARN of an alarm of this account and region.
 */
export function alarmOfArn(scope: Scope, arn: string): string {
  const prefix = alarmArn(scope, '');
  if (!arn.startsWith(prefix) || arn.length === prefix.length) {
    throw invalidValue(
      `Invalid ARN: ${arn} does not name an alarm of account ${scope.accountId} in ${scope.region}.`,
    );
  }
  return arn.slice(prefix.length);
}
