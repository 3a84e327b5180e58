import type { Role, RoleLastUsed } from '@aws-sdk/client-iam';
import type { Reader } from '../../../reconcile/index.ts';
import { entityArn } from '../arn.ts';
import { boundaryView } from '../boundary.ts';
import { encodedDocument } from '../input/documents.ts';
import { tagList } from '../input/tags.ts';
import { lastUseKey, lastUses, type RoleRecord } from '../records.ts';
import { shownTrustPolicy } from './trust-policy.ts';

/** As GetRole shows it. */
export function roleView(reader: Reader, accountId: string, role: RoleRecord): Role {
  return {
    ...roleSummary(reader, accountId, role),
    ...boundaryView(role.permissionsBoundary),
    ...(Object.keys(role.tags).length > 0 && { Tags: tagList(role.tags) }),
    RoleLastUsed: lastUsed(reader, accountId, role),
  };
}

/** As CreateRole shows it: without the longest session and its last use. */
export function newRoleView(reader: Reader, accountId: string, role: RoleRecord): Role {
  const { MaxSessionDuration: _, RoleLastUsed: __, ...view } = roleView(reader, accountId, role);
  return view;
}

function lastUsed(reader: Reader, accountId: string, { id }: RoleRecord): RoleLastUsed {
  const use = reader.get(lastUses, lastUseKey(accountId, id));
  return use === undefined ? {} : { LastUsedDate: new Date(use.lastUsedAt), Region: use.region };
}

/** As lists show it: without tags and boundary. */
export function roleSummary(reader: Reader, accountId: string, role: RoleRecord): Role {
  return {
    ...roleInProfile(reader, accountId, role),
    ...(role.description && { Description: role.description }),
    MaxSessionDuration: role.maxSessionSeconds,
  };
}

/** As instance profiles show it. */
export function roleInProfile(
  reader: Reader,
  accountId: string,
  { path, roleName, id, createdAt, trustPolicy }: RoleRecord,
): Role {
  return {
    Path: path,
    RoleName: roleName,
    RoleId: id,
    Arn: entityArn(accountId, 'role', path, roleName),
    CreateDate: new Date(createdAt),
    AssumeRolePolicyDocument: encodedDocument(shownTrustPolicy(reader, trustPolicy)),
  };
}
