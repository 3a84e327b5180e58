import type { Reader } from '../../../reconcile/index.ts';
import type { DnsFound, DnsQuestion } from '../../../topology/index.ts';
import { balancerNameOf, balancerNames } from '../../elbv2/index.ts';
import { scopeOfKey } from '../arn.ts';
import { expressServices } from '../express/records.ts';
import { gatewayLoadBalancerKey, gatewayLoadBalancers, gatewayRoutes } from '../gateway/records.ts';

/** Everything that names are worked out from. */
export const ingressCollections = [expressServices, gatewayRoutes, gatewayLoadBalancers];

/** What the name of an Express service leads to, or of a service behind a gateway: its load balancer. */
export function ingressNames(reader: Reader, question: DnsQuestion): DnsFound {
  const loadBalancer = ofExpress(reader, question.name) ?? ofRoute(reader, question.name);
  const name = loadBalancer && balancerNameOf(reader, loadBalancer);
  if (!name) return { kind: 'not-ours' };
  const answer = balancerNames(reader, { ...question, name });
  return answer.kind === 'records'
    ? { ...answer, records: answer.records.map((record) => ({ ...record, name: question.name })) }
    : answer;
}

const ofExpress = (reader: Reader, host: string): string | undefined =>
  reader.byIndex(expressServices, 'byEndpoint', host)[0]?.value.made.loadBalancer;

function ofRoute(reader: Reader, host: string): string | undefined {
  const [found] = reader.byIndex(gatewayRoutes, 'byHost', host);
  if (found === undefined) return undefined;
  const { gateway, loadBalancerName } = found.value;
  const key = gatewayLoadBalancerKey(scopeOfKey(found.key), gateway, loadBalancerName);
  return reader.get(gatewayLoadBalancers, key)?.made.loadBalancer;
}
