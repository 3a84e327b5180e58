import type { Random } from '../../clock/index.ts';

/** Which account and region something is meant in. */
export interface Scope {
  readonly accountId: string;
  readonly region: string;
}

export type Noun = 'namespace' | 'service';

export const arnOf = ({ region, accountId }: Scope, noun: Noun, id: string): string =>
  `arn:aws:servicediscovery:${region}:${accountId}:${noun}/${id}`;

/** The id that an id or ARN names; undefined for the ARN of something else, or of somebody else's. */
export function readIdOrArn(scope: Scope, noun: Noun, text: string): string | undefined {
  const id = text.startsWith('arn:') ? readArn(scope, noun, text) : text;
  return id !== undefined && /^[a-z]+-[0-9a-z]+$/.test(id) ? id : undefined;
}

function readArn(scope: Scope, noun: Noun, arn: string): string | undefined {
  const prefix = arnOf(scope, noun, '');
  return arn.startsWith(prefix) ? arn.slice(prefix.length) : undefined;
}

/** `ns-` or `srv-` and 16 of these. */
export const newId = (random: Random, prefix: 'ns' | 'srv'): string =>
  `${prefix}-${lettersAndDigits(random, 16)}`;

/** E.g. `gv4g5meo7ndmeh4fqskygvk23d2fijwa-k9302yzd`. */
export const newOperationId = (random: Random): string =>
  `${lettersAndDigits(random, 32)}-${lettersAndDigits(random, 8)}`;

/** E.g. `Z09983722P0QME1B3KC8I`. */
export const newHostedZoneId = (random: Random): string => `Z${lettersAndDigits(random, 20).toUpperCase()}`;

function lettersAndDigits(random: Random, length: number): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from({ length }, () => alphabet[random.integer(alphabet.length)]).join('');
}
