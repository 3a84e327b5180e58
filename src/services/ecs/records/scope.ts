/** `<account>/<region>` of a record's key: index values start with it, so that accounts never mix. */
export function scopeOf(key: string): string {
  const [, , accountId = '', region = ''] = key.split('/', 4);
  return `${accountId}/${region}`;
}
