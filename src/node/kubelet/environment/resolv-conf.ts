import type { Pod, PodSpec } from '../objects/pod.ts';

export interface DnsSettings {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  /** `name` or `name:value`. */
  readonly options: readonly string[];
}

export interface PodDns extends DnsSettings {
  /** What was left out, in the words of the event DNSConfigForming. */
  readonly warnings: readonly string[];
}

const maxServers = 3;
const maxSearches = 32;
const maxSearchLength = 2_048;
const maxDomainLength = 253;

/**
 * How a pod resolves names: by its `dnsPolicy`, and what its `dnsConfig` adds. The cluster's server alone is asked where
 * the policy is the cluster's: it forwards what it does not know.
 * @param node As on the node itself.
 */
export function podDns(
  { metadata, spec }: Pod,
  cluster: { readonly address: string; readonly domain: string },
  node: DnsSettings,
): PodDns {
  const base = baseOf(spec, metadata.namespace, cluster, node);
  const { nameservers = [], searches = [], options = [] } = spec.dnsConfig ?? {};
  return withinLimits({
    servers: distinct([...base.servers, ...nameservers]),
    searches: distinct([...base.searches, ...searches]),
    options: mergedOptions(base.options, options),
  });
}

/** As a container's `/etc/resolv.conf`. */
export function resolvConf({ servers, searches, options }: DnsSettings): string {
  return [
    ...(searches.length === 0 ? [] : [`search ${searches.join(' ')}\n`]),
    ...servers.map((server) => `nameserver ${server}\n`),
    ...(options.length === 0 ? [] : [`options ${options.join(' ')}\n`]),
  ].join('');
}

/** Reads a machine's `/etc/resolv.conf`. The last `search` counts, and so do the last `options`, as upstream's kubelet has it. */
export function readResolvConf(text: string): DnsSettings {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^[#;]/.test(line))
    .map((line) => line.split(/\s+/));
  const valuesOf = (keyword: string): readonly string[] =>
    lines.findLast(([word]) => word === keyword)?.slice(1) ?? [];
  return {
    servers: lines.flatMap(([word, server]) => (word === 'nameserver' && server ? [server] : [])),
    searches: valuesOf('search')
      .map((domain) => (domain === '.' ? domain : domain.replace(/\.$/, '')))
      .filter((domain) => domain !== '.'),
    options: valuesOf('options'),
  };
}

function baseOf(
  { dnsPolicy = 'ClusterFirst', hostNetwork = false }: PodSpec,
  namespace: string,
  { address, domain }: { readonly address: string; readonly domain: string },
  node: DnsSettings,
): DnsSettings {
  if (dnsPolicy === 'None') return { servers: [], searches: [], options: [] };
  // A pod in its node's network resolves as the node does, unless it asks for more.
  if (dnsPolicy === 'Default' || (dnsPolicy === 'ClusterFirst' && hostNetwork)) return node;
  const ofCluster = [`${namespace}.svc.${domain}`, `svc.${domain}`, domain];
  return {
    servers: [address],
    searches: distinct([...ofCluster, ...node.searches]),
    options: ['ndots:5'],
  };
}

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)];

/** The pod's own count over those of its policy. */
function mergedOptions(
  base: readonly string[],
  own: readonly { readonly name?: string; readonly value?: string }[],
): readonly string[] {
  const byName = new Map<string, string>();
  for (const option of base) byName.set(option.split(':', 1)[0] ?? '', option);
  for (const { name = '', value = '' } of own) {
    if (name !== '') byName.set(name, value === '' ? name : `${name}:${value}`);
  }
  return [...byName.values()];
}

function withinLimits({ servers, searches, options }: DnsSettings): PodDns {
  const keptServers = servers.slice(0, maxServers);
  const keptSearches: string[] = [];
  for (const domain of searches.filter(({ length }) => length <= maxDomainLength)) {
    const isTooLong = [...keptSearches, domain].join(' ').length > maxSearchLength;
    if (isTooLong || keptSearches.length === maxSearches) break;
    keptSearches.push(domain);
  }
  const exceeded = (what: string, omitted: string, line: string, applied: readonly string[]): string =>
    `${what} limits were exceeded, some ${omitted} have been omitted, the applied ${line} line is: ${applied.join(' ')}`;
  const warnings = [
    ...(keptServers.length < servers.length
      ? [exceeded('Nameserver', 'nameservers', 'nameserver', keptServers)]
      : []),
    ...(keptSearches.length < searches.length
      ? [exceeded('Search Line', 'search paths', 'search', keptSearches)]
      : []),
  ];
  return { servers: keptServers, searches: keptSearches, options, warnings };
}
