import { openNodejsBalancers, purgeNodejs } from '../nodejs/nodejs-balancers.ts';
import { BalancerMachine } from './machine.ts';

/** A machine whose load balancers are Node’s. @param version Of the program, as each driver sees it that is opened. */
export function openMachine(version?: () => string): Promise<BalancerMachine> {
  return BalancerMachine.open({
    open: (options) => openNodejsBalancers(options, version?.()),
    purge: (options) => purgeNodejs(options),
  });
}
