/** `<account>/<region>` of a record's key: index values start with it, so that accounts never mix. */
export function scopeOf(key: string): string {
  // Asked for each index of each record that changes, so nothing is taken apart.
  const start = key.indexOf('/', 1) + 1;
  return key.slice(start, key.indexOf('/', key.indexOf('/', start) + 1));
}
