/** The first address of a range of services that is one of theirs: `10.100.0.1` of `10.100.0.0/16`. */
export function firstAddress(cidr: string): string {
  const parts = cidr.split('/')[0]?.split('.') ?? [];
  return [...parts.slice(0, 3), Number(parts[3] ?? 0) + 1].join('.');
}
