/**
 * What a name of a VPC leads to, as plain data: between those who know names (EC2's own, Cloud Map's, a cluster's) and
 * the server that answers. Names are lower case in questions, without a dot at their end everywhere; a TTL is seconds.
 */
export interface DnsQuestion {
  readonly name: string;
  /** `A`, `SRV`, …; `TYPE65` (RFC 3597) for those without a name here. */
  readonly type: string;
}

export type DnsRecord = { readonly name: string; readonly ttl: number } & DnsRecordData;

export type DnsRecordData =
  | { readonly type: 'A' | 'AAAA'; readonly data: string }
  | { readonly type: 'CNAME' | 'PTR' | 'NS'; readonly data: string }
  | { readonly type: 'SRV'; readonly data: SrvData }
  /** Each string has at most 255 bytes. */
  | { readonly type: 'TXT'; readonly data: readonly string[] }
  | { readonly type: 'SOA'; readonly data: SoaData };

export interface SrvData {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** All but the names are seconds, and the serial a number. */
export interface SoaData {
  readonly mname: string;
  readonly rname: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  /** How long it may be remembered that a name or type isn't there (RFC 2308). */
  readonly minimum: number;
}

export type SoaRecord = Extract<DnsRecord, { readonly type: 'SOA' }>;

export type DnsFound =
  /** At least one, of the type asked for or the CNAME that stands for it; `atMost` of them are told, by chance. */
  | { readonly kind: 'records'; readonly records: readonly DnsRecord[]; readonly atMost?: number }
  /** The name has no such record, or there is no such name in the zone whose start is told. */
  | { readonly kind: 'nodata' | 'nxdomain'; readonly soa: SoaRecord }
  /** Of no zone that is kept here: whoever resolves the rest of the world knows. */
  | { readonly kind: 'not-ours' };
