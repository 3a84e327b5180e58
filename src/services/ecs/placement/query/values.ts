import { RE2JS } from 're2js';

/** `1.105.1` as its numbers; undefined for what is no version. What follows them (`-dev`) doesn't count. */
export function parseVersion(text: string): readonly number[] | undefined {
  const numbers = /^v?(\d{1,9}(?:\.\d{1,9})*)/.exec(text)?.[1];
  return numbers?.split('.').map(Number);
}

/** Negative, 0 or positive, as for sorting; a number that is not there is 0. */
export function compareVersions(left: readonly number[], right: readonly number[]): number {
  for (let place = 0; place < Math.max(left.length, right.length); place += 1) {
    const difference = (left[place] ?? 0) - (right[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const dateForms = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?)?$/;

/** A date to epoch seconds, UTC where it names no zone; undefined for what is no date. */
export function parseDate(text: string): number | undefined {
  const form = dateForms.exec(text);
  if (form === null) return undefined;
  const hasTime = form[1] !== undefined;
  const milliseconds = Date.parse(hasTime && form[3] === undefined ? `${text}Z` : text);
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000);
}

export function parseCount(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/**
 * A regular expression that the whole of a value must match. Java's syntax as far as RE2 has it: expressions come
 * from whoever may run a task, so they run in time linear in the value.
 * @throws {Error} it isn't one.
 */
export function compilePattern(source: string): (value: string) => boolean {
  const pattern = RE2JS.compile(source);
  return (value) => pattern.matcher(value).matches();
}
