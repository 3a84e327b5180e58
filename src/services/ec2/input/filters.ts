import type { Filter } from '@aws-sdk/client-ec2';
import { ec2Refusal, invalidParameterValue, shown } from '../errors.ts';
import type { Tags } from '../records.ts';
import { wildcard } from './wildcard.ts';

/** What a filter compares: one value or several; undefined matches nothing. */
export type Filtered = string | number | boolean | undefined;

/** By the filter's name, what of a record it is about. */
export type FilterTable<T> = Readonly<Record<string, (record: T) => Filtered | readonly Filtered[]>>;

/** As filters carry them. */
export type FilterInput = readonly Filter[] | undefined;

const maxValues = 200;

/**
 * Which records a request's filters let through: all of the filters must match, of a filter any of its values. `*` and
 * `?` stand for any characters and for any one, unless a backslash comes before; case counts (EC2 user guide, "List and
 * filter your resources").
 *
 * @param tagsOf Absent: what is filtered has no tags, so that there is no `tag:<key>` and no `tag-key`.
 * @throws InvalidParameterValue, FilterLimitExceeded
 */
export function readFilters<T>(
  filters: FilterInput,
  table: FilterTable<T>,
  tagsOf?: (record: T) => Tags,
): (record: T) => boolean {
  const asked = filters ?? [];
  if (asked.reduce((count, { Values = [] }) => count + Values.length, 0) > maxValues) {
    throw ec2Refusal(
      'FilterLimitExceeded',
      `The maximum number of filter values specified on a single call is ${maxValues}`,
    );
  }
  const tests = asked.map(({ Name = '', Values = [] }) => {
    const valuesOf = valuesReader(Name, table, tagsOf);
    if (Values.length === 0) throw invalidParameterValue(`The filter '${shown(Name)}' has no values`);
    const patterns = Values.map(wildcard);
    return (record: T) =>
      [valuesOf(record)]
        .flat()
        .some((value) => value !== undefined && patterns.some((matches) => matches(String(value))));
  });
  return (record) => tests.every((isLetThrough) => isLetThrough(record));
}

function valuesReader<T>(
  name: string,
  table: FilterTable<T>,
  tagsOf: ((record: T) => Tags) | undefined,
): (record: T) => Filtered | readonly Filtered[] {
  if (Object.hasOwn(table, name)) return table[name] ?? (() => undefined);
  if (tagsOf !== undefined) {
    if (name === 'tag-key') return (record) => Object.keys(tagsOf(record));
    if (name.startsWith('tag:') && name.length > 'tag:'.length) {
      const key = name.slice('tag:'.length);
      return (record) => (Object.hasOwn(tagsOf(record), key) ? tagsOf(record)[key] : undefined);
    }
  }
  throw invalidParameterValue(`The filter '${shown(name)}' is invalid`);
}
