import type { DnsFound, DnsQuestion, DnsRecord, DnsRecordData, SoaRecord } from '../../network/index.ts';
import type { Endpoint, EndpointSlice, Service } from '../kube-proxy/objects.ts';

/** What a cluster's names are made of, as it is now. */
export interface ClusterView {
  service(namespace: string, name: string): Service | undefined;
  /** Of a service, those with IPv4 addresses. */
  slicesOf(namespace: string, name: string): readonly EndpointSlice[];
  services(): readonly Service[];
}

/** As CoreDNS has it with EKS's configuration. */
const ttl = 5;
/** Of the specification "Kubernetes DNS-Based Service Discovery". */
const specification = '1.1.0';
const srvWeight = 100;

/** The names of a cluster's services and pods. @param domain `cluster.local` */
export function findClusterName(question: DnsQuestion, domain: string, cluster: ClusterView): DnsFound {
  const { name } = question;
  if (name.endsWith('.in-addr.arpa')) return findReverse(question, domain, cluster);
  if (name !== domain && !name.endsWith(`.${domain}`)) return { kind: 'not-ours' };
  const labels = name === domain ? [] : name.slice(0, -domain.length - 1).split('.');
  return answered(question, dataOf(labels, domain, cluster), startOf(domain));
}

/** Undefined: there is no such name; none: there is, and it has no records of its own. */
type Found = readonly DnsRecordData[] | undefined;

function dataOf(labels: readonly string[], domain: string, cluster: ClusterView): Found {
  if (labels.length === 0) return [startOf(domain)];
  if (labels.length === 1 && labels[0] === 'dns-version') return [{ type: 'TXT', data: [specification] }];
  const kind = labels.at(-1);
  const rest = labels.slice(0, -1);
  if (kind === 'svc') return dataOfServices(rest, domain, cluster);
  return kind === 'pod' ? dataOfPods(rest, cluster) : undefined;
}

/** `a-b-c-d.namespace`: the address is in the name. */
function dataOfPods(labels: readonly string[], cluster: ClusterView): Found {
  const [dashed = '', namespace = ''] = labels.length === 1 ? ['', labels[0]] : labels;
  if (labels.length > 2 || (labels.length > 0 && !hasNamespace(cluster, namespace))) return undefined;
  if (labels.length < 2) return [];
  const address = dashed.replaceAll('-', '.');
  return isIpv4(address) ? [{ type: 'A', data: address }] : undefined;
}

function dataOfServices(labels: readonly string[], domain: string, cluster: ClusterView): Found {
  if (labels.length === 0) return [];
  const namespace = labels.at(-1) ?? '';
  if (labels.length === 1) return hasNamespace(cluster, namespace) ? [] : undefined;
  const name = labels.at(-2) ?? '';
  const service = cluster.service(namespace, name);
  if (service === undefined) return undefined;
  const { type, externalName = '', clusterIP = '' } = service.spec ?? {};
  const before = labels.slice(0, -2);
  if (type === 'ExternalName')
    return before.length === 0 ? [{ type: 'CNAME', data: externalName.replace(/\.$/, '') }] : undefined;
  const isHeadless = clusterIP === 'None';
  const places = isHeadless ? placesOf(cluster.slicesOf(namespace, name)) : [];
  const full = `${name}.${namespace}.svc.${domain}`;
  if (before.length === 0) {
    // Without endpoints a headless service has no records, but its name.
    return isHeadless ? unique(places.map(({ address }) => addressOf(address))) : [addressOf(clusterIP)];
  }
  if (before.length > 2) return undefined;
  const [first = '', second] = before;
  if (second === undefined) {
    if (isProtocol(first)) return [];
    const named = places.filter((place) => place.hostname === first);
    return named.length === 0 ? undefined : unique(named.map(({ address }) => addressOf(address)));
  }
  if (!first.startsWith('_') || !isProtocol(second)) return undefined;
  const asked = { port: first.slice(1), protocol: second.slice(1).toUpperCase() };
  return isHeadless ? srvOfPlaces(places, asked, full) : srvOfService(service, asked, full);
}

interface AskedPort {
  readonly port: string;
  readonly protocol: string;
}

function srvOfService({ spec }: Service, asked: AskedPort, target: string): Found {
  const found = (spec?.ports ?? []).filter(
    ({ name = '', protocol = 'TCP' }) => name === asked.port && protocol === asked.protocol,
  );
  if (found.length === 0) return undefined;
  return found.map(({ port }) => ({ type: 'SRV', data: { priority: 0, weight: srvWeight, port, target } }));
}

function srvOfPlaces(places: readonly Place[], asked: AskedPort, service: string): Found {
  const found = places.flatMap(({ hostname, ports }) =>
    ports.flatMap(({ name = '', protocol = 'TCP', port }) =>
      name === asked.port && protocol === asked.protocol && port !== undefined ? [{ hostname, port }] : [],
    ),
  );
  if (found.length === 0) return undefined;
  const weight = Math.max(1, Math.floor(srvWeight / found.length));
  return found.map(({ hostname, port }) => ({
    type: 'SRV',
    data: { priority: 0, weight, port, target: `${hostname}.${service}` },
  }));
}

/** An endpoint of a headless service. */
interface Place {
  readonly address: string;
  /** Its pod's, else its address with dashes. */
  readonly hostname: string;
  readonly ports: NonNullable<EndpointSlice['ports']>;
}

function placesOf(slices: readonly EndpointSlice[]): readonly Place[] {
  return slices.flatMap(({ endpoints, ports }) =>
    (endpoints ?? []).filter(isReady).flatMap(({ addresses: [address], hostname }) => {
      if (address === undefined) return [];
      return [{ address, hostname: hostname ?? address.replaceAll('.', '-'), ports: ports ?? [] }];
    }),
  );
}

function findReverse(question: DnsQuestion, domain: string, cluster: ClusterView): DnsFound {
  const address = question.name.slice(0, -'.in-addr.arpa'.length).split('.').toReversed().join('.');
  if (!isIpv4(address)) return { kind: 'not-ours' };
  for (const { metadata, spec } of cluster.services()) {
    const { name, namespace = '' } = metadata;
    const full = `${name}.${namespace}.svc.${domain}`;
    const places = spec?.clusterIP === 'None' ? placesOf(cluster.slicesOf(namespace, name)) : [];
    const place = places.find((each) => each.address === address);
    const target =
      spec?.clusterIP === address ? full : place === undefined ? undefined : `${place.hostname}.${full}`;
    if (target !== undefined)
      return answered(question, [{ type: 'PTR', data: target }], startOf('in-addr.arpa'));
  }
  return { kind: 'not-ours' };
}

function answered({ name, type }: DnsQuestion, data: Found, soa: SoaRecord): DnsFound {
  if (data === undefined) return { kind: 'nxdomain', soa };
  const records = data
    .filter((each) => each.type === type || each.type === 'CNAME' || type === 'ANY')
    .map((each) => ({ ...each, name, ttl }) as DnsRecord);
  return records.length === 0 ? { kind: 'nodata', soa } : { kind: 'records', records };
}

function startOf(zone: string): SoaRecord {
  const data = {
    ...{ mname: `ns.dns.${zone}`, rname: `hostmaster.${zone}`, serial: 1, refresh: 7_200, retry: 1_800 },
    ...{ expire: 86_400, minimum: ttl },
  };
  return { name: zone, ttl, type: 'SOA', data };
}

/** A namespace is known by what is in it. */
const hasNamespace = (cluster: ClusterView, namespace: string): boolean =>
  cluster.services().some(({ metadata }) => metadata.namespace === namespace) || namespace === 'default';

const isReady = ({ conditions }: Endpoint): boolean => conditions?.ready ?? true;
const isProtocol = (label: string): boolean => /^_(tcp|udp|sctp)$/.test(label);
const isIpv4 = (text: string): boolean =>
  /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split('.').every((part) => Number(part) <= 255);
const addressOf = (data: string): DnsRecordData => ({ type: 'A', data });

function unique(data: readonly DnsRecordData[]): readonly DnsRecordData[] {
  return [...new Map(data.map((each) => [JSON.stringify(each.data), each])).values()];
}
