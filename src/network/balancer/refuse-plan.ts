import { chosenOf, type LoadBalancerPlan } from '../../balancing/index.ts';
import { BalancerError } from './balancer.ts';
import { isDatagrams } from './targets.ts';

/** @throws {BalancerError} the plan wants what is not there on this machine; it says what. */
export function refusePlan({ listeners, targetGroups }: LoadBalancerPlan): void {
  for (const { arn, protocol, targetType, preservesClientIp } of targetGroups) {
    if (protocol === 'TCP' || protocol === 'TLS') {
      if (preservesClientIp && targetType === 'ip') {
        throw new BalancerError(
          `Targets of ${arn} can't see their clients' addresses: set preserve_client_ip.enabled to false, and proxy_protocol_v2.enabled to true if they have to know them`,
        );
      }
    }
  }
  for (const { port, protocol, rules } of listeners) {
    const [only] = rules;
    if (isDatagrams(protocol) && (only?.action.type !== 'forward' || chosenOf(only.action).length > 1)) {
      throw new BalancerError(`The ${protocol} listener on port ${port} forwards to one target group`);
    }
  }
}
