import { type Watched, watching } from '../../../reconcile/index.ts';
import { type RoleRecord, roles } from '../records.ts';

/**
 * Watches for roles whose trust policy names a service, each for `work`: a sign of what somebody is about to ask the service for, and
 * no more, for a policy may name whom it denies.
 * @param service E.g. `eks.amazonaws.com`.
 */
export const watchingRolesOf = (service: string, work: string): Watched =>
  watching<RoleRecord>(roles, ({ after }) =>
    after?.trustPolicy.includes(`"${service}"`) === true ? [work] : [],
  );
