import type { SignedUpgrade } from '../../services/service.ts';
import type { RecordUpgradeOptions } from './record-upgrade-options.ts';

export const recordsPath = '/_catamaran/records';

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
