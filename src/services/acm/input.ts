import type { Tag } from '@aws-sdk/client-acm';
import type { Transaction } from '../../reconcile/index.ts';
import { Constraints } from '../constraints.ts';
import { checkedTags, maxTags } from '../tag-list.ts';
import type { Scope } from './arn.ts';
import { invalidTag, limitExceeded, tooManyTags, validationException } from './errors.ts';
import { certificates, scopeText, type Tags } from './records.ts';

export const constraints = (): Constraints => new Constraints(validationException);

/** "ACM certificates" (ACM quotas). */
const maxCertificates = 2_500;

/** @throws LimitExceededException */
export function refuseMoreThanMax(tx: Transaction, scope: Scope): void {
  if (tx.countByIndex(certificates, 'scope', scopeText(scope)) >= maxCertificates)
    throw limitExceeded(`The maximum number of certificates (${maxCertificates}) has been reached.`);
}

/** @throws TooManyTagsException, InvalidTagException */
export function readTags(tags: readonly Tag[] | undefined = []): Tags {
  if (tags.length > maxTags) throw tooManyTags();
  return checkedTags(
    tags.map(({ Key, Value = '' }) => ({ Key, Value })),
    invalidTag,
  );
}
