/**
 * An event pattern, parsed. All fields must match, and of each `$or` one alternative.
 */
export interface Pattern {
  readonly fields: readonly (
    | { readonly name: string; readonly matchers: readonly Matcher[]; readonly nested?: undefined }
    | { readonly name: string; readonly nested: Pattern; readonly matchers?: undefined }
  )[];
  readonly alternatives: readonly (readonly Pattern[])[];
}

export type Matcher =
  | { readonly type: 'value'; readonly test: (actual: unknown) => boolean }
  | { readonly type: 'exists'; readonly exists: boolean };

/**
 * Whether an event matches. Where the event has a list, one element that matches is enough; below a list of
 * objects, one and the same element must have all.
 */
export function matches(pattern: Pattern, event: unknown): boolean {
  if (Array.isArray(event)) return event.some((element) => matches(pattern, element));
  return (
    pattern.fields.every((field) => {
      const actual = memberOf(event, field.name);
      return field.nested === undefined
        ? field.matchers.some((matcher) => matchesLeaf(matcher, actual))
        : matches(field.nested, actual);
    }) && pattern.alternatives.every((either) => either.some((each) => matches(each, event)))
  );
}

/** Only leaves exist: an object is no value. */
function matchesLeaf(matcher: Matcher, actual: unknown): boolean {
  if (matcher.type === 'exists') return isLeaf(actual) === matcher.exists;
  if (Array.isArray(actual)) return actual.some((element) => matchesLeaf(matcher, element));
  return matcher.test(actual);
}

function isLeaf(value: unknown): boolean {
  return Array.isArray(value) ? value.some(isLeaf) : value !== undefined && !isObject(value);
}

function memberOf(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
