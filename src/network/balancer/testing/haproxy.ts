import { openHaproxyBalancers, purgeHaproxy } from '../haproxy/haproxy-balancers.ts';
import { BalancerMachine } from './machine.ts';

/** A machine whose load balancers are HAProxy’s. */
export function openMachine(): Promise<BalancerMachine> {
  return BalancerMachine.open({
    open: (options) => openHaproxyBalancers(options),
    purge: (options) => purgeHaproxy(options),
  });
}
