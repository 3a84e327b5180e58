import type {
  CreateManagedPrefixListCommandInput,
  CreateManagedPrefixListResult,
  DeleteManagedPrefixListCommandInput,
  DeleteManagedPrefixListResult,
  DescribeManagedPrefixListsCommandInput,
  DescribeManagedPrefixListsResult,
  DescribePrefixListsCommandInput,
  DescribePrefixListsResult,
} from '@aws-sdk/client-ec2';
import type { Call } from '../../service.ts';
import { forgetToken, madeBefore, noteMade } from '../client-token.ts';
import type { Ec2Context } from '../context.ts';
import { hasDependencies, limitReached } from '../errors.ts';
import { newId, notFound, readId, requireRecord } from '../ids.ts';
import { describeRecords } from '../input/describe.ts';
import { readFilters } from '../input/filters.ts';
import { pageOf } from '../input/pages.ts';
import { readTagSpecifications } from '../input/tags.ts';
import { kinds } from '../kinds.ts';
import { ec2Key, ec2Prefix, type PrefixListRecord, prefixLists } from '../records.ts';
import { changedEntries, readAdded } from './prefix-list-entries.ts';
import { readFamily, readListName, readMaxEntries } from './prefix-list-input.ts';
import { guardUses, usesOf } from './prefix-list-uses.ts';
import { removeVersions } from './prefix-list-versions.ts';
import { prefixListView } from './prefix-list-view.ts';

/** Of a region (VPC user guide, "Amazon VPC quotas"). */
const maxLists = 100;

/**
 * @throws {Refusal} PrefixListLimitExceeded, PrefixListMaxEntriesExceeded, IdempotentParameterMismatch,
 * InvalidParameterValue, MissingParameter
 */
export async function createManagedPrefixList(
  { state, random }: Ec2Context,
  input: CreateManagedPrefixListCommandInput,
  call: Call,
): Promise<CreateManagedPrefixListResult> {
  const addressFamily = readFamily(input.AddressFamily);
  const maxEntries = readMaxEntries(input.MaxEntries);
  const added = readAdded(input.Entries ?? [], addressFamily);
  const asked = {
    ...{ name: readListName(input.PrefixListName), addressFamily, maxEntries, version: 1 },
    entries: changedEntries({ entries: [], maxEntries }, added, []),
    tags: readTagSpecifications(input.TagSpecifications, 'prefix-list'),
    ...(input.ClientToken !== undefined && { clientToken: input.ClientToken }),
  };
  const list = await state.transact((tx) => {
    const before = madeBefore(tx, call, 'CreateManagedPrefixList', input);
    if (before !== undefined) return requireRecord(tx, call, kinds.prefixList, before, 'PrefixListId');
    if ([...tx.list(prefixLists, ec2Prefix(prefixLists, call))].length >= maxLists) {
      throw limitReached('PrefixListLimitExceeded', 'prefix lists');
    }
    const made: PrefixListRecord = { ...asked, id: newId(random, 'pl'), state: 'create-complete' };
    tx.put(prefixLists, ec2Key(prefixLists, call, made.id), made);
    noteMade(tx, call, 'CreateManagedPrefixList', input, made.id);
    return made;
  });
  return { PrefixList: prefixListView(call, list) };
}

/** @throws {Refusal} InvalidPrefixListID.NotFound; DependencyViolation: rules or routes name it */
export async function deleteManagedPrefixList(
  { state }: Ec2Context,
  { PrefixListId }: DeleteManagedPrefixListCommandInput,
  call: Call,
): Promise<DeleteManagedPrefixListResult> {
  const list = await state.transact((tx) => {
    const deleted = requireRecord(tx, call, kinds.prefixList, PrefixListId, 'PrefixListId');
    guardUses(tx, call);
    const { groups, tables } = usesOf(tx, call, deleted.id);
    if (groups.length + tables.length > 0) throw hasDependencies('prefixList', deleted.id);
    tx.delete(prefixLists, ec2Key(prefixLists, call, deleted.id));
    removeVersions(tx, call, deleted.id);
    forgetToken(tx, call, 'CreateManagedPrefixList', deleted.clientToken);
    return deleted;
  });
  return { PrefixList: prefixListView(call, list, 'delete-complete') };
}

/** @throws {Refusal} InvalidPrefixListID.NotFound, InvalidParameterValue and the like. */
export function describeManagedPrefixLists(
  { state }: Ec2Context,
  input: DescribeManagedPrefixListsCommandInput,
  call: Call,
): DescribeManagedPrefixListsResult {
  const { items, nextToken } = describeRecords(
    state,
    call,
    kinds.prefixList,
    {
      'owner-id': () => call.accountId,
      'prefix-list-id': ({ id }) => id,
      'prefix-list-name': ({ name }) => name,
    },
    { ids: input.PrefixListIds, name: 'prefixListIds', parameter: 'PrefixListId' },
    input,
  );
  return {
    PrefixLists: items.map((list) => prefixListView(call, list)),
    ...(nextToken !== undefined && { NextToken: nextToken }),
  };
}

/**
 * The lists of AWS's own services, which gateway endpoints lead to: as there are no such endpoints, none is there to be
 * named or found. The account's own are DescribeManagedPrefixLists's.
 * @throws {Refusal} InvalidPrefixListID.NotFound, InvalidParameterValue and the like.
 */
export function describePrefixLists(input: DescribePrefixListsCommandInput): DescribePrefixListsResult {
  const [id] = input.PrefixListIds ?? [];
  if (id !== undefined) throw notFound(kinds.prefixList, readId(kinds.prefixList, id, 'PrefixListId.1'));
  readFilters(input.Filters, { 'prefix-list-id': () => undefined, 'prefix-list-name': () => undefined });
  pageOf([], String, input);
  return { PrefixLists: [] };
}
