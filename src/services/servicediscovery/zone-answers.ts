import type { Reader } from '../../reconcile/index.ts';
import type { DnsFound, DnsQuestion, DnsRecord, SoaRecord } from '../../topology/index.ts';
import { healthyOrElseAll } from './health.ts';
import {
  type InstanceRecord,
  instances,
  type NamespaceRecord,
  namespaces,
  type ServiceDnsRecord,
  type ServiceRecord,
  serviceNameIndex,
  services,
  type ZoneRecord,
} from './records.ts';

/** Everything that zones are worked out from: whoever has these records can answer. */
export const zoneCollections = [namespaces, services, instances];

/** Route 53 tells so many of a MULTIVALUE record. */
const multivalueAnswers = 8;

/**
 * What the private zones of a VPC answer, as of `now` (epoch milliseconds). Instances that are unhealthy are left out,
 * unless all are. Of several zones that hold a name the longest counts.
 */
export function zoneAnswers(reader: Reader, vpcId: string, question: DnsQuestion, now: number): DnsFound {
  const zone = zoneOf(reader, vpcId, question.name);
  if (zone === undefined) return { kind: 'not-ours' };
  const start = startOf(zone);
  const label = question.name.slice(0, -start.name.length - 1);
  if (label === '') return fitting([start, ...nameServersOf(start)], question, start);
  const service = dnsServiceAt(reader, zone, label);
  if (service !== undefined && reader.countByIndex(instances, 'service', service.id) > 0) {
    return serviceAnswer(reader, service, question, start, now);
  }
  const target = targetAnswer(reader, zone, label, question, start);
  if (target !== undefined) return target;
  return { kind: isAbove(reader, zone, label) ? 'nodata' : 'nxdomain', soa: start };
}

interface Zone {
  readonly namespace: NamespaceRecord;
  readonly zone: ZoneRecord;
}

function zoneOf(reader: Reader, vpcId: string, name: string): Zone | undefined {
  let longest: Zone | undefined;
  for (const { value: namespace } of reader.byIndex(namespaces, 'vpc', vpcId)) {
    const { zone } = namespace;
    const apex = namespace.name.toLowerCase();
    if (zone === undefined || (name !== apex && !name.endsWith(`.${apex}`))) continue;
    if (apex.length > (longest?.namespace.name.length ?? 0)) longest = { namespace, zone };
  }
  return longest;
}

function serviceAnswer(
  reader: Reader,
  service: ServiceRecord & { readonly dns: ServiceDnsRecord },
  question: DnsQuestion,
  soa: SoaRecord,
  now: number,
): DnsFound {
  const { routingPolicy, records } = service.dns;
  const wanted = records.find(({ type }) => type === question.type || type === 'CNAME');
  if (wanted === undefined) return { kind: 'nodata', soa };
  const registered = reader.byIndex(instances, 'service', service.id).map(({ value }) => value);
  const told = healthyOrElseAll(service, registered, now).flatMap((instance) =>
    recordOf(question.name, wanted, instance),
  );
  if (told.length === 0) return { kind: 'nodata', soa };
  return { kind: 'records', records: told, atMost: routingPolicy === 'WEIGHTED' ? 1 : multivalueAnswers };
}

function recordOf(
  name: string,
  { type, ttl }: ServiceDnsRecord['records'][number],
  { id, attributes }: InstanceRecord,
): readonly DnsRecord[] {
  switch (type) {
    case 'A':
    case 'AAAA':
      return addressOf(name, type, ttl, attributes);
    case 'CNAME': {
      const { AWS_INSTANCE_CNAME: data } = attributes;
      return data === undefined ? [] : [{ name, ttl, type, data: data.replace(/\.$/, '') }];
    }
    case 'SRV': {
      const port = Number(attributes.AWS_INSTANCE_PORT);
      const target = `${id}.${name}`.toLowerCase();
      return Number.isInteger(port)
        ? [{ name, ttl, type, data: { priority: 1, weight: 1, port, target } }]
        : [];
    }
  }
}

function addressOf(
  name: string,
  type: 'A' | 'AAAA',
  ttl: number,
  attributes: InstanceRecord['attributes'],
): readonly DnsRecord[] {
  const data = attributes[type === 'A' ? 'AWS_INSTANCE_IPV4' : 'AWS_INSTANCE_IPV6'];
  return data === undefined ? [] : [{ name, ttl, type, data }];
}

/** Where SRV records lead: each instance has a name of its own below the service's. */
function targetAnswer(
  reader: Reader,
  zone: Zone,
  label: string,
  question: DnsQuestion,
  soa: SoaRecord,
): DnsFound | undefined {
  for (let dot = label.indexOf('.'); dot !== -1; dot = label.indexOf('.', dot + 1)) {
    const service = dnsServiceAt(reader, zone, label.slice(dot + 1));
    const srv = service?.dns.records.find(({ type }) => type === 'SRV');
    if (service === undefined || srv === undefined) continue;
    const id = label.slice(0, dot);
    const found = reader
      .byIndex(instances, 'service', service.id)
      .find(({ value }) => value.id.toLowerCase() === id);
    if (found === undefined) continue;
    const addresses = (['A', 'AAAA'] as const).flatMap((type) =>
      addressOf(question.name, type, srv.ttl, found.value.attributes),
    );
    return fitting(addresses, question, soa);
  }
  return undefined;
}

function dnsServiceAt(
  reader: Reader,
  { namespace }: Zone,
  label: string,
): (ServiceRecord & { readonly dns: ServiceDnsRecord }) | undefined {
  const service = reader.byIndex(services, 'name', serviceNameIndex(namespace.id, label))[0]?.value;
  return service?.dns === undefined ? undefined : { ...service, dns: service.dns };
}

/** Whether there are names below: then the name itself is there, and has no records (RFC 8020). */
function isAbove(reader: Reader, { namespace }: Zone, label: string): boolean {
  return reader
    .byIndex(services, 'namespace', namespace.id)
    .some(
      ({ value: { id, name, dns } }) =>
        dns !== undefined &&
        name.toLowerCase().endsWith(`.${label}`) &&
        reader.countByIndex(instances, 'service', id) > 0,
    );
}

function fitting(records: readonly DnsRecord[], { type }: DnsQuestion, soa: SoaRecord): DnsFound {
  const fit = records.filter((record) => record.type === type);
  return fit.length === 0 ? { kind: 'nodata', soa } : { kind: 'records', records: fit };
}

/** As Route 53 begins its zones. */
function startOf({ namespace, zone }: Zone): SoaRecord {
  return {
    name: namespace.name.toLowerCase(),
    ttl: zone.soaTtl,
    type: 'SOA',
    data: {
      ...{ mname: 'ns-1536.awsdns-00.co.uk', rname: 'awsdns-hostmaster.amazon.com', serial: 1 },
      ...{ refresh: 7_200, retry: 900, expire: 1_209_600, minimum: 86_400 },
    },
  };
}

function nameServersOf({ name }: SoaRecord): readonly DnsRecord[] {
  const servers = [
    'ns-1536.awsdns-00.co.uk',
    'ns-0.awsdns-00.com',
    'ns-1024.awsdns-00.org',
    'ns-512.awsdns-00.net',
  ];
  return servers.map((data) => ({ name, ttl: 172_800, type: 'NS', data }));
}
