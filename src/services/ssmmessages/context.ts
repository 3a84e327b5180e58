import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';

/** What the room is given by the composition root. */
export interface SsmMessagesContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The installation's own address, e.g. `http://127.0.0.1:4566`: where clients are sent to. */
  readonly endpoint: () => string;
}
