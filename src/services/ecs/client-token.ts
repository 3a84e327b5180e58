import { createHash } from 'node:crypto';
import { invalidParameter } from './errors.ts';

/** A `clientToken` as it was given; undefined for none. @throws InvalidParameterException */
export function readClientToken(token: string | undefined, maxLength: number): string | undefined {
  if (token === undefined || token === '') return undefined;
  if (token.length > maxLength) throw invalidParameter(`idempotency token longer than ${maxLength}.`);
  if (!/^[\x21-\x7e]+$/.test(token))
    throw invalidParameter('The clientToken can only contain printable ASCII characters without spaces.');
  return token;
}

/** A token in the form in which it can be part of a key. */
export const hashOfToken = (token: string): string => createHash('sha256').update(token).digest('hex');
