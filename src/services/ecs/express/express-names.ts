import type { Reader } from '../../../reconcile/index.ts';
import type { DnsFound, DnsQuestion } from '../../../topology/index.ts';
import { balancerNameOf, balancerNames } from '../../elbv2/index.ts';
import { expressServices } from './records.ts';

/** Everything that names are worked out from. */
export const expressCollections = [expressServices];

/** What the name of an Express service leads to: its load balancer. */
export function expressNames(reader: Reader, question: DnsQuestion): DnsFound {
  const [found] = reader.byIndex(expressServices, 'byEndpoint', question.name);
  const { loadBalancer } = found?.value.made ?? {};
  const name = loadBalancer && balancerNameOf(reader, loadBalancer);
  if (!name) return { kind: 'not-ours' };
  const answer = balancerNames(reader, { ...question, name });
  return answer.kind === 'records'
    ? { ...answer, records: answer.records.map((record) => ({ ...record, name: question.name })) }
    : answer;
}
