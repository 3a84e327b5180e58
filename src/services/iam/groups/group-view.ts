import type { Group } from '@aws-sdk/client-iam';
import { entityArn } from '../arn.ts';
import type { GroupRecord } from '../records.ts';

export function groupView(accountId: string, { path, groupName, id, createdAt }: GroupRecord): Group {
  return {
    Path: path,
    GroupName: groupName,
    GroupId: id,
    Arn: entityArn(accountId, 'group', path, groupName),
    CreateDate: new Date(createdAt),
  };
}
