import type { Clock } from '../../clock/index.ts';
import type { Reader } from '../../reconcile/index.ts';
import { balancerCollections, balancerNames } from '../../services/elbv2/index.ts';
import { zoneAnswers, zoneCollections } from '../../services/servicediscovery/index.ts';
import type { DnsFound, DnsQuestion } from '../../topology/index.ts';

/** Everything that these names are worked out from: whoever has these records can answer. */
export const nameCollections = [...zoneCollections, ...balancerCollections];

/** What names lead to in VPCs, besides EC2's own: those of Cloud Map's zones, then those of load balancers. */
export function vpcNames(reader: Reader, clock: Clock) {
  return (vpcId: string, question: DnsQuestion): DnsFound => {
    const inZone = zoneAnswers(reader, vpcId, question, clock.now());
    return inZone.kind === 'not-ours' ? balancerNames(reader, question) : inZone;
  };
}
