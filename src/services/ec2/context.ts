import type { Clock, Random } from '../../clock/index.ts';
import type { State } from '../../reconcile/index.ts';

/** What the EC2 room is given by the composition root. */
export interface Ec2Context {
  readonly state: State;
  readonly clock: Clock;
  readonly random: Random;
  /** The block of public addresses that the machines of the installation answer, e.g. `198.18.0.0/24`. */
  readonly publicCidr: string;
  /** What keeps the machine of the control plane from having interfaces of its own in VPCs; absent, or undefined: nothing. */
  readonly whyNoMachineInterfaces?: () => string | undefined;
}
