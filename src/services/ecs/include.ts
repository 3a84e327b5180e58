import { invalidParameter } from './errors.ts';

/**
 * What a Describe operation is to answer besides the rest (`include`).
 * @throws InvalidParameterException naming what it can't.
 */
export function readInclude<Field extends string>(
  include: readonly string[] | undefined,
  fields: readonly Field[],
): ReadonlySet<Field> {
  const isField = (text: string): text is Field => fields.some((field) => field === text);
  return new Set(
    (include ?? []).map((text) => {
      if (isField(text)) return text;
      throw invalidParameter(`Invalid include ${text}: it should be one of [${fields}].`);
    }),
  );
}
