import type {
  GetManagedPrefixListAssociationsCommandInput,
  GetManagedPrefixListAssociationsResult,
  GetManagedPrefixListEntriesCommandInput,
  GetManagedPrefixListEntriesResult,
} from '@aws-sdk/client-ec2';
import { ascending } from '../../pages.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { requireRecord } from '../ids.ts';
import { pageOf } from '../input/pages.ts';
import { kinds } from '../kinds.ts';
import { usesOf } from './prefix-list-uses.ts';
import { entriesOfVersion } from './prefix-list-versions.ts';

/**
 * Of the current version unless another is asked for.
 * @throws {Refusal} InvalidPrefixListID.NotFound, InvalidParameterValue and the like.
 */
export function getManagedPrefixListEntries(
  { state }: Ec2Context,
  input: GetManagedPrefixListEntriesCommandInput,
  call: Call,
): GetManagedPrefixListEntriesResult {
  const list = requireRecord(state, call, kinds.prefixList, input.PrefixListId, 'PrefixListId');
  const entries = entriesOfVersion(state, call, list, input.TargetVersion ?? list.version);
  const sorted = entries.toSorted((one, other) => ascending(one.cidr, other.cidr));
  const { items, nextToken } = pageOf(sorted, ({ cidr }) => cidr, input);
  return {
    Entries: items.map(({ cidr, description }) => ({
      Cidr: cidr,
      ...(description !== undefined && { Description: description }),
    })),
    ...(nextToken !== undefined && { NextToken: nextToken }),
  };
}

/** What names a list. @throws {Refusal} InvalidPrefixListID.NotFound, InvalidParameterValue and the like. */
export function getManagedPrefixListAssociations(
  { state }: Ec2Context,
  input: GetManagedPrefixListAssociationsCommandInput,
  call: Call,
): GetManagedPrefixListAssociationsResult {
  const list = requireRecord(state, call, kinds.prefixList, input.PrefixListId, 'PrefixListId');
  const { groups, tables } = usesOf(state, call, list.id);
  const ids = [...groups, ...tables].map(({ id }) => id).sort(ascending);
  const { items, nextToken } = pageOf(ids, (id) => id, input);
  return {
    PrefixListAssociations: items.map((id) => ({ ResourceId: id, ResourceOwner: call.accountId })),
    ...(nextToken !== undefined && { NextToken: nextToken }),
  };
}
