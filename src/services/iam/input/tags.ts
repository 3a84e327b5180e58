import { invalidInput, limitExceeded } from '../errors.ts';
import type { Tags } from '../records.ts';
import type { Constraints } from './constraints.ts';

export interface GivenTag {
  readonly Key: string | undefined;
  readonly Value: string | undefined;
}

const maxTags = 50;
const keyPattern = String.raw`[\p{L}\p{Z}\p{N}_.:/=+\-@]+`;
const valuePattern = String.raw`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`;

export function checkTags(constraints: Constraints, tags: readonly GivenTag[] | undefined): Constraints {
  tags?.forEach(({ Key, Value }, index) => {
    constraints
      .text(`tags.${index + 1}.member.key`, Key, {
        isRequired: true,
        pattern: keyPattern,
        minLength: 1,
        maxLength: 128,
      })
      .text(`tags.${index + 1}.member.value`, Value, {
        isRequired: true,
        pattern: valuePattern,
        maxLength: 256,
      });
  });
  return constraints.list('tags', tags, { max: maxTags });
}

/** Of what is to be taken off. */
export function checkTagKeys(constraints: Constraints, keys: readonly string[] | undefined): Constraints {
  return constraints
    .texts('tagKeys', keys, { pattern: keyPattern, minLength: 1, maxLength: 128 })
    .list('tagKeys', keys, { max: maxTags });
}

/**
 * What an entity's tags are with `given` put over them: keys are one key ignoring case, and the last spelling stays.
 * @throws {Refusal} InvalidInput: a key occurs twice or is AWS's own; LimitExceeded: more than 50.
 */
export function withTags(before: Tags, given: readonly GivenTag[] = []): Tags {
  const byFolded = new Map(Object.entries(before).map((tag) => [tag[0].toLowerCase(), tag]));
  const seen = new Set<string>();
  for (const { Key = '', Value = '' } of given) {
    const folded = Key.toLowerCase();
    if (seen.has(folded)) {
      throw invalidInput('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
    }
    if (folded.startsWith('aws:'))
      throw invalidInput("Tag keys starting with 'aws:' are reserved for system use.");
    seen.add(folded);
    byFolded.set(folded, [Key, Value]);
  }
  if (byFolded.size > maxTags) throw limitExceeded('The number of tags has reached the maximum limit.');
  return Object.fromEntries(byFolded.values());
}

/** Keys that are not there are ignored. */
export function withoutTags(before: Tags, keys: readonly string[]): Tags {
  const gone = new Set(keys.map((key) => key.toLowerCase()));
  return Object.fromEntries(Object.entries(before).filter(([key]) => !gone.has(key.toLowerCase())));
}

/** In the answer's shape. */
export function tagList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
