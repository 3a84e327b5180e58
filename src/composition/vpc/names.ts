import type { Clock } from '../../clock/index.ts';
import type { Reader } from '../../reconcile/index.ts';
import { ingressCollections, ingressNames } from '../../services/ecs/index.ts';
import { balancerCollections, balancerNames } from '../../services/elbv2/index.ts';
import { zoneAnswers, zoneCollections } from '../../services/servicediscovery/index.ts';
import type { DnsFound, DnsQuestion } from '../../topology/index.ts';

/** Everything that these names are worked out from: whoever has these records can answer. */
export const nameCollections = [...zoneCollections, ...balancerCollections, ...ingressCollections];

/** What names lead to in VPCs, besides EC2's own: Cloud Map's zones, load balancers, services by their hosts. */
export function vpcNames(reader: Reader, clock: Clock) {
  return (vpcId: string, question: DnsQuestion): DnsFound => {
    const inZone = zoneAnswers(reader, vpcId, question, clock.now());
    if (inZone.kind !== 'not-ours') return inZone;
    const balancer = balancerNames(reader, question);
    return balancer.kind === 'not-ours' ? ingressNames(reader, question) : balancer;
  };
}
