/** As they came, or as they go: names in any case, and more than once. */
export type HeaderFields = readonly (readonly [name: string, value: string])[];

/** @param raw Names and values in turn, as Node has them (`rawHeaders`). */
export function headerFields(raw: readonly string[]): HeaderFields {
  return Array.from({ length: raw.length / 2 }, (_, index) => [
    raw[2 * index] ?? '',
    raw[2 * index + 1] ?? '',
  ]);
}
