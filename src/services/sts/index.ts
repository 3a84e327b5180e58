/**
 * AWS Security Token Service. The smallest room, and the pattern of the others: `operations.ts` is the table
 * of everything the SDK's client can ask, `operations/` holds one function each, and the door below says under
 * which signing name the gateway finds them.
 */
import type { Service } from '../service.ts';

export function createSts(): Service {
  return {
    signingName: 'sts',
    loadSdk: () => import('@aws-sdk/client-sts'),
    loadOperations: async () => (await import('./operations.ts')).stsOperations,
  };
}
