import type { Clock } from '../../clock/index.ts';
import type { State } from '../../reconcile/index.ts';
import type { SignedUpgrade } from '../../services/service.ts';

export const recordsPath = '/_catamaran/records';

export interface RecordUpgradeOptions {
  readonly state: State;
  readonly accountId: string;
  readonly version: string;
  readonly clock: Clock;
  /** Which machines follow the records now, by their ids, each as often as it does. */
  readonly connected: Map<string, number>;
}

/** Where machines follow the records of what they carry. What answers there is loaded with the first of them. */
export function recordUpgrade(options: RecordUpgradeOptions): SignedUpgrade {
  return {
    path: recordsPath,
    action: 'catamaran:FollowRecords',
    accept: async (request, socket, head, call) => {
      const { acceptMachine } = await import('./accept-machine.ts');
      await acceptMachine(options, request, socket, head, call);
    },
  };
}
