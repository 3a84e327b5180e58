import type { Refusal } from '../protocols/index.ts';
import { Constraints } from './constraints.ts';

export const maxTags = 50;

/**
 * Tags as most services take them, a list of `Key` and `Value`, as a record.
 * @param refuse The service's own error for tags that it does not take.
 */
export function checkedTags(
  tags: readonly { readonly Key: string | undefined; readonly Value: string | undefined }[],
  refuse: (message: string) => Refusal,
): Readonly<Record<string, string>> {
  const constraints = new Constraints(refuse).list('tags', tags, { max: maxTags });
  for (const [index, { Key, Value }] of tags.entries()) {
    constraints
      .text(`tags.${index + 1}.member.key`, Key, { isRequired: true, minLength: 1, maxLength: 128 })
      .text(`tags.${index + 1}.member.value`, Value, { isRequired: true, maxLength: 256 });
  }
  constraints.throwIfViolated();
  if (tags.some(({ Key = '' }) => /^aws:/i.test(Key)))
    throw refuse('aws: prefixed tag key names are not allowed for external use.');
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}
