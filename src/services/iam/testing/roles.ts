import { entityKey, type RoleRecord, roles } from '../records.ts';
import { accountId, type IamServer } from './iam-server.ts';

/** A role that nobody may assume. */
export const idleRole: RoleRecord = {
  ...{ roleName: 'it', path: '/', id: 'AROAEXAMPLEEXAMPLE234', createdAt: 0, trustPolicy: '{}' },
  ...{ maxSessionSeconds: 3600, tags: {}, inlinePolicies: {}, attachedPolicies: [] },
};

/** As CreateRole leaves it, with what CreateRole can't make. */
export async function putRole({ state }: IamServer, bent: Partial<RoleRecord> = {}): Promise<void> {
  const role = { ...idleRole, ...bent };
  await state.transact((tx) => tx.put(roles, entityKey(roles, accountId, role.roleName), role));
}
