/**
 * AWS Security Token Service: reads and checks what callers ask for. What is decided and given out is IAM's
 * (`iam/sessions/`), for sessions are worth what roles, users and policies say.
 *
 * The smallest room, and the pattern of the others: `operations.ts` is the table of everything the SDK's client can ask,
 * `operations/` holds one function each, and the door below says under which signing name the gateway finds them.
 */
import type { Iam } from '../iam/index.ts';
import type { Service } from '../service.ts';

export function createSts({ loadSessions }: Pick<Iam, 'loadSessions'>): Service {
  return {
    signingName: 'sts',
    loadSdk: () => import('@aws-sdk/client-sts'),
    loadOperations: async () => {
      const [{ stsOperations }, sessions] = await Promise.all([import('./operations.ts'), loadSessions()]);
      return stsOperations(sessions);
    },
  };
}
