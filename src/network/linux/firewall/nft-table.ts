/** Tables of nftables as data: named parts, each in nft's own words, compared and changed part by part. */
export interface NftTable {
  readonly family: 'inet' | 'arp' | 'ip';
  readonly name: string;
  /** By name. */
  readonly sets: ReadonlyMap<string, NftSet>;
  /** By name. */
  readonly chains: ReadonlyMap<string, NftChain>;
}

/** A set, or a map. Its declaration follows from its name: it is never changed, only what is in it. */
export interface NftSet {
  readonly kind: 'set' | 'map';
  /** `type ipv4_addr; flags interval;` */
  readonly declaration: string;
  /** Keys, each with its value; with '' in a set. Ranges neither overlap nor repeat. */
  readonly elements: ReadonlyMap<string, string>;
}

export interface NftChain {
  /** Of a base chain, its hook: `type filter hook input priority filter; policy drop;`. Else ''. */
  readonly declaration: string;
  readonly rules: readonly string[];
}

export function chainOf(rules: readonly string[], declaration = ''): NftChain {
  return { declaration, rules };
}

export function setOf(type: string, elements: Iterable<string>): NftSet {
  const entries = Array.from(elements, (element) => [element, ''] as const);
  return { kind: 'set', declaration: `type ${type};`, elements: new Map(entries) };
}

/** Of ranges: `10.0.0.0-10.0.0.255`. */
export function rangesOf(type: string, elements: Iterable<string>): NftSet {
  return { ...setOf(type, elements), declaration: `type ${type}; flags interval;` };
}

export function mapOf(type: string, elements: Iterable<readonly [string, string]>): NftSet {
  return { kind: 'map', declaration: `type ${type};`, elements: new Map(elements) };
}
