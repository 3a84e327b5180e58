import type { FieldError } from '../apiserver/status.ts';

/** What is wrong with the metadata comes first, and last what is not at any of the paths or compares with what was. */
export function inOrder(errors: readonly FieldError[], paths: readonly string[]): readonly FieldError[] {
  const placeOf = ({ field, text }: FieldError): number => {
    if (field.startsWith('metadata.')) return -1;
    const place = paths.findIndex(
      (path) => field === path || field.startsWith(`${path}.`) || field.startsWith(`${path}[`),
    );
    return place === -1 || text.endsWith('field is immutable') ? paths.length : place;
  };
  return errors.toSorted((one, other) => placeOf(one) - placeOf(other));
}
