import type { Reader } from '../../../reconcile/index.ts';
import { groups, type PolicyRecord, roles, users } from '../records.ts';
import { policyArn } from './policy-lookup.ts';

/** What a request may ask about: `aws` for AWS's own policies. */
export interface PolicyOf {
  readonly owner: string;
  readonly policy: PolicyRecord;
}

export interface PolicyUses {
  /** By users, groups and roles of the account. */
  readonly attachmentCount: number;
  /** As the permissions boundary of users and roles. */
  readonly boundaryCount: number;
}

/** How often an account uses a policy. Its own count themselves; AWS's are counted by index. */
export function policyUses(reader: Reader, accountId: string, { owner, policy }: PolicyOf): PolicyUses {
  if (owner !== 'aws') return policy;
  const value = `${accountId}/${policyArn(owner, policy)}`;
  return {
    attachmentCount:
      reader.countByIndex(users, 'policy', value) +
      reader.countByIndex(groups, 'policy', value) +
      reader.countByIndex(roles, 'policy', value),
    boundaryCount:
      reader.countByIndex(users, 'boundary', value) + reader.countByIndex(roles, 'boundary', value),
  };
}
