import type { User } from '@aws-sdk/client-iam';
import { entityArn } from '../arn.ts';
import { boundaryView } from '../boundary.ts';
import { tagList } from '../input/tags.ts';
import type { UserRecord } from '../records.ts';

export function userView(accountId: string, user: UserRecord): User {
  return {
    ...userSummary(accountId, user),
    ...boundaryView(user.permissionsBoundary),
    ...(Object.keys(user.tags).length > 0 && { Tags: tagList(user.tags) }),
  };
}

/** As lists show it: without tags and boundary. */
export function userSummary(accountId: string, { path, userName, id, createdAt }: UserRecord): User {
  return {
    Path: path,
    UserName: userName,
    UserId: id,
    Arn: entityArn(accountId, 'user', path, userName),
    CreateDate: new Date(createdAt),
  };
}
