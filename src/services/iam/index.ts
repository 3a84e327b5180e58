/**
 * AWS Identity and Access Management: who may do what. The one idea to know: `policy/` is the whole policy language
 * as a pure engine, and everything that decides asks it.
 *
 * There are no users, groups, roles or kept policies yet, so every operation on them is refused by name, and
 * `authorize`, which the gateway asks before any operation runs, knows one principal: the root user, who may do
 * everything in its account, as in AWS. Policies that come with a request are simulated for real.
 *
 * IAM is one for all regions: nothing here looks at the call's.
 */
import type { Service } from '../service.ts';

export { type AuthorizationRequest, authorize, type Decision } from './authorize.ts';

export function createIam(): Service {
  return {
    signingName: 'iam',
    loadSdk: () => import('@aws-sdk/client-iam'),
    loadOperations: async () => (await import('./operations.ts')).iamOperations,
  };
}
