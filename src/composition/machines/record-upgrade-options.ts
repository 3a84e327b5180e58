import type { Clock } from '../../clock/index.ts';
import type { State } from '../../reconcile/index.ts';

export interface RecordUpgradeOptions {
  readonly state: State;
  readonly accountId: string;
  readonly version: string;
  readonly clock: Clock;
  /** Which machines follow the records now, by their ids, each as often as it does. */
  readonly connected: Map<string, number>;
}
