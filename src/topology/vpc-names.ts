import type { DnsFound, DnsQuestion, DnsRecordData, SoaRecord } from './dns-records.ts';
import { cidrBlock, holds, type Ipv4Block, ipv4Text, parseIpv4 } from './ipv4.ts';

/** What decides about the names that a VPC has by itself. */
export interface VpcNames {
  readonly region: string;
  /** The VPC's blocks: each address in them has a name, whether somebody uses it or not. */
  readonly cidrs: readonly string[];
  /**
   * The private address that a public one is translated to within the VPC, by which public names lead there without
   * leaving it. Undefined: not of this VPC, or the VPC gives no public names (`enableDnsHostnames`).
   */
  privateAddressOf(publicIpv4: string): string | undefined;
  /** The private address of an instance (`i-…`) of the VPC, for names after resources. */
  instanceAddress(instanceId: string): string | undefined;
}

/** Seconds that an answer holds, as EC2's resolver tells. */
const ttl = 60;

/** `ip-10-0-1-10.ec2.internal`; outside us-east-1 `ip-10-0-1-10.eu-west-1.compute.internal`. */
export function privateDnsName(privateIpv4: string, region: string): string {
  return `ip-${privateIpv4.replaceAll('.', '-')}.${privateDomain(region)}`;
}

/** `ec2-198-18-0-7.compute-1.amazonaws.com`; outside us-east-1 `ec2-198-18-0-7.eu-west-1.compute.amazonaws.com`. */
export function publicDnsName(publicIpv4: string, region: string): string {
  return `ec2-${publicIpv4.replaceAll('.', '-')}.${publicDomain(region)}`;
}

/** The domain that hosts of a VPC search by default. */
export function privateDomain(region: string): string {
  return region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`;
}

function publicDomain(region: string): string {
  return region === 'us-east-1' ? 'compute-1.amazonaws.com' : `${region}.compute.amazonaws.com`;
}

/**
 * What the resolver of a VPC answers about the names that EC2 gives: private names and those after resources, public
 * names that lead to private addresses, and the names of private addresses. What lies in private address space and not
 * in the VPC has no name, and is asked of nobody else.
 */
export function findVpcName(question: DnsQuestion, vpc: VpcNames): DnsFound {
  const { name } = question;
  const domain = privateDomain(vpc.region);
  if (name === domain || name.endsWith(`.${domain}`)) {
    return findPrivate(question, name.slice(0, -domain.length - 1), domain, vpc);
  }
  if (name.endsWith(`.${publicDomain(vpc.region)}`)) return findPublic(question, vpc);
  if (name.endsWith('.in-addr.arpa')) return findReverse(question, vpc);
  return { kind: 'not-ours' };
}

function findPrivate(question: DnsQuestion, host: string, domain: string, vpc: VpcNames): DnsFound {
  const soa = startOf(domain);
  if (host === '')
    return question.type === 'SOA' ? { kind: 'records', records: [soa] } : { kind: 'nodata', soa };
  const address = addressOfHost(host, vpc);
  if (address === undefined) return { kind: 'nxdomain', soa };
  return answer(question, { type: 'A', data: address }, soa);
}

function addressOfHost(host: string, vpc: VpcNames): string | undefined {
  if (/^i-[0-9a-f]+$/.test(host)) return vpc.instanceAddress(host);
  const address = dashedAddress(host, 'ip-');
  return address !== undefined && isWithin(address, vpc.cidrs.map(cidrBlock)) ? ipv4Text(address) : undefined;
}

/** Other public names, of this region too, are the world's. */
function findPublic(question: DnsQuestion, vpc: VpcNames): DnsFound {
  const domain = publicDomain(vpc.region);
  const address = dashedAddress(question.name.slice(0, -domain.length - 1), 'ec2-');
  const privateIpv4 = address === undefined ? undefined : vpc.privateAddressOf(ipv4Text(address));
  if (privateIpv4 === undefined) return { kind: 'not-ours' };
  return answer(question, { type: 'A', data: privateIpv4 }, startOf(domain));
}

function findReverse(question: DnsQuestion, vpc: VpcNames): DnsFound {
  const labels = question.name.slice(0, -'.in-addr.arpa'.length).split('.');
  const address = labels.length === 4 ? readAddress(labels.toReversed().join('.')) : undefined;
  if (address === undefined) return { kind: 'not-ours' };
  const soa = startOf('in-addr.arpa');
  if (isWithin(address, vpc.cidrs.map(cidrBlock))) {
    return answer(question, { type: 'PTR', data: privateDnsName(ipv4Text(address), vpc.region) }, soa);
  }
  return isWithin(address, privateSpace) ? { kind: 'nxdomain', soa } : { kind: 'not-ours' };
}

function answer({ name, type }: DnsQuestion, data: DnsRecordData, soa: SoaRecord): DnsFound {
  return data.type === type
    ? { kind: 'records', records: [{ name, ttl, ...data }] }
    : { kind: 'nodata', soa };
}

function dashedAddress(host: string, prefix: string): number | undefined {
  return host.startsWith(prefix) ? readAddress(host.slice(prefix.length).replaceAll('-', '.')) : undefined;
}

/** Only in the one form in which it is written. */
function readAddress(text: string): number | undefined {
  const address = parseIpv4(text);
  return address !== undefined && ipv4Text(address) === text ? address : undefined;
}

const isWithin = (address: number, blocks: readonly Ipv4Block[]): boolean =>
  blocks.some((block) => holds(block, address));

/** RFC 1918, and the link-local block. */
const privateSpace = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16'].map(cidrBlock);

function startOf(zone: string): SoaRecord {
  return {
    name: zone,
    ttl,
    type: 'SOA',
    data: {
      mname: zone === 'in-addr.arpa' ? 'ns0.ec2.internal' : `ns0.${zone}`,
      rname: 'hostmaster.amazon.com',
      serial: 1,
      refresh: 3600,
      retry: 3600,
      expire: 3600,
      minimum: ttl,
    },
  };
}
