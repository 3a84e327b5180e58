import type { ManagedPrefixList, PrefixListState } from '@aws-sdk/client-ec2';
import { resourceArn } from '../arn.ts';
import { tagList } from '../input/tags.ts';
import type { PrefixListRecord, Scope } from '../records.ts';

export function prefixListView(
  scope: Scope,
  list: PrefixListRecord,
  state: PrefixListState = list.state,
): ManagedPrefixList {
  return {
    PrefixListId: list.id,
    PrefixListArn: resourceArn(scope, 'prefix-list', list.id),
    PrefixListName: list.name,
    AddressFamily: list.addressFamily,
    MaxEntries: list.maxEntries,
    Version: list.version,
    State: state,
    OwnerId: scope.accountId,
    Tags: tagList(list.tags),
  };
}
