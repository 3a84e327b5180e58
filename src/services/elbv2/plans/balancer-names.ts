import type { Reader } from '../../../reconcile/index.ts';
import type { DnsFound, DnsQuestion, DnsRecord, SoaRecord } from '../../../topology/index.ts';
import { findLoadBalancer } from '../context.ts';
import { type LoadBalancerRecord, loadBalancers, type NodeRecord } from '../records.ts';

/** Everything that names are worked out from. */
export const balancerCollections = [loadBalancers];

/** Seconds that an answer holds. */
const ttl = 60;

/** A name is answered with so many nodes at most. */
const maxAnswers = 8;

/**
 * What the name of a load balancer leads to: the public addresses of one that faces the internet, the private ones of an
 * internal one. A network load balancer also has a name for each of its zones: `eu-west-1a.<name>`.
 */
export function balancerNames(reader: Reader, question: DnsQuestion): DnsFound {
  const found = findNamed(reader, question.name);
  if (found === undefined) return { kind: 'not-ours' };
  const records = found.nodes.flatMap((node): readonly DnsRecord[] => {
    const data = addressOf(found.balancer, node);
    return data === undefined ? [] : [{ name: question.name, ttl, type: 'A', data }];
  });
  if (question.type !== 'A' || records.length === 0) return { kind: 'nodata', soa: startOf(found.balancer) };
  return { kind: 'records', records, atMost: maxAnswers };
}

/** The name of a load balancer; undefined: there is none with this ARN. */
export function balancerNameOf(reader: Reader, loadBalancerArn: string): string | undefined {
  const [, , , region = '', accountId = ''] = loadBalancerArn.split(':');
  return findLoadBalancer(reader, { accountId, region }, loadBalancerArn)?.dnsName.toLowerCase();
}

function findNamed(
  reader: Reader,
  name: string,
): { readonly balancer: LoadBalancerRecord; readonly nodes: readonly NodeRecord[] } | undefined {
  if (!name.endsWith('.amazonaws.com')) return undefined;
  const [balancer] = reader.byIndex(loadBalancers, 'dnsName', name);
  if (balancer !== undefined) return { balancer: balancer.value, nodes: balancer.value.nodes };
  const [zone = '', ...rest] = name.split('.');
  const [zonal] = reader.byIndex(loadBalancers, 'dnsName', rest.join('.'));
  if (zonal?.value.type !== 'network') return undefined;
  const nodes = zonal.value.nodes.filter(({ availabilityZone }) => availabilityZone === zone);
  return nodes.length === 0 ? undefined : { balancer: zonal.value, nodes };
}

const addressOf = ({ scheme }: LoadBalancerRecord, node: NodeRecord): string | undefined =>
  scheme === 'internal' ? node.privateIpv4 : node.publicIpv4;

function startOf({ dnsName }: LoadBalancerRecord): SoaRecord {
  const zone = dnsName.slice(dnsName.indexOf('.') + 1);
  return {
    ...{ name: zone, ttl, type: 'SOA' },
    data: {
      ...{ mname: `ns-1.${zone}`, rname: 'awsdns-hostmaster.amazon.com', serial: 1 },
      ...{ refresh: 7200, retry: 900, expire: 1_209_600, minimum: ttl },
    },
  };
}
