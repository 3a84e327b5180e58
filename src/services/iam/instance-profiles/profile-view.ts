import type { InstanceProfile } from '@aws-sdk/client-iam';
import type { Reader } from '../../../reconcile/index.ts';
import { entityArn } from '../arn.ts';
import { tagList } from '../input/tags.ts';
import { entityKey, type InstanceProfileRecord, roles } from '../records.ts';
import { roleInProfile } from '../roles/role-view.ts';

export function instanceProfileView(
  reader: Reader,
  accountId: string,
  profile: InstanceProfileRecord,
): InstanceProfile {
  return {
    ...instanceProfileSummary(reader, accountId, profile),
    ...(Object.keys(profile.tags).length > 0 && { Tags: tagList(profile.tags) }),
  };
}

/** As lists show it: without tags. */
export function instanceProfileSummary(
  reader: Reader,
  accountId: string,
  { path, instanceProfileName, id, createdAt, role: roleName }: InstanceProfileRecord,
): InstanceProfile {
  const role = roleName === undefined ? undefined : reader.get(roles, entityKey(roles, accountId, roleName));
  return {
    Path: path,
    InstanceProfileName: instanceProfileName,
    InstanceProfileId: id,
    Arn: entityArn(accountId, 'instance-profile', path, instanceProfileName),
    CreateDate: new Date(createdAt),
    Roles: role === undefined ? [] : [roleInProfile(reader, accountId, role)],
  };
}
