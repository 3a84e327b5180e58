/** The first address of a range of services that is one of theirs: `10.100.0.1` of `10.100.0.0/16`. */
export const firstAddress = (cidr: string): string => addressAt(cidr, 1);

/** Where every cluster's `kube-dns` is: `10.100.0.10` of `10.100.0.0/16`. */
export const dnsServiceAddress = (cidr: string): string => addressAt(cidr, 10);

function addressAt(cidr: string, offset: number): string {
  const parts = cidr.split('/')[0]?.split('.') ?? [];
  return [...parts.slice(0, 3), Number(parts[3] ?? 0) + offset].join('.');
}
