import { type Random, uuid } from '../../clock/index.ts';

/** Which account and region something is meant in. */
export interface Scope {
  readonly accountId: string;
  readonly region: string;
}

export const newId = (random: Random): string => uuid(random);

export const certificateArn = ({ region, accountId }: Scope, id: string): string =>
  `arn:aws:acm:${region}:${accountId}:certificate/${id}`;

/** The id that an ARN names; undefined for the ARN of something else, or of somebody else's. */
export function readArn(scope: Scope, arn: string): string | undefined {
  const prefix = certificateArn(scope, '');
  const id = arn.startsWith(prefix) ? arn.slice(prefix.length) : '';
  return /^[0-9a-f-]{36}$/.test(id) ? id : undefined;
}
