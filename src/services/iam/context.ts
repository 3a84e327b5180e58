import type { Clock, Random } from '../../clock/index.ts';
import type { Reader, State } from '../../reconcile/index.ts';
import type { Sealer } from '../../sealing/index.ts';
import type { Credentials } from '../service.ts';
import type { LinkedResources } from './records.ts';

/** What the IAM room is given by the composition root. */
export interface IamContext {
  readonly state: State;
  readonly clock: Clock;
  readonly random: Random;
  readonly sealer: Sealer;
  /** The one that came with the installation. */
  readonly firstAccountId: string;
  /** Keys that the installation itself knows, such as its first account's root key. No session token goes with them. */
  readonly ownKeys: (accessKeyId: string) => Credentials | undefined;
  /** Whether what a session was made for (`Session.holder`) is still there: with it the session ends. */
  readonly isHolderAlive: (arn: string) => boolean;
  /** What a service that has a service-linked role keeps in an account: while it does, the role stays. */
  readonly linkedResources: (
    reader: Reader,
    accountId: string,
    service: string,
  ) => readonly LinkedResources[];
}
