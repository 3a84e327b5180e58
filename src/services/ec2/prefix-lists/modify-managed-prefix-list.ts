import type {
  ModifyManagedPrefixListCommandInput,
  ModifyManagedPrefixListResult,
  RestoreManagedPrefixListVersionCommandInput,
  RestoreManagedPrefixListVersionResult,
} from '@aws-sdk/client-ec2';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import {
  invalidParameterCombination,
  invalidParameterValue,
  missingParameter,
  unsupported,
} from '../errors.ts';
import { requireRecord } from '../ids.ts';
import { kinds } from '../kinds.ts';
import { ec2Key, type PrefixListRecord, prefixLists, type Scope } from '../records.ts';
import { assertRoutesWithinQuota } from '../route-tables/route-quota.ts';
import { assertWithinQuota } from '../security-groups/rule-quota.ts';
import { changedEntries, readAdded, readRemoved } from './prefix-list-entries.ts';
import { readListName, readMaxEntries } from './prefix-list-input.ts';
import { guardUses, usesOf } from './prefix-list-uses.ts';
import { entriesOfVersion, putNextVersion, requireVersion } from './prefix-list-versions.ts';
import { prefixListView } from './prefix-list-view.ts';
import { prefixListsOf } from './prefix-lists-of.ts';

/**
 * Changes a list's entries, which needs the version that they are of; or its size; and its name. What its rules and routes
 * allow and lead to changes with it.
 * @throws {Refusal} InvalidPrefixListID.NotFound, PrefixListVersionMismatch, PrefixListMaxEntriesExceeded,
 * InvalidParameterCombination, InvalidParameterValue, MissingParameter; RulesPerSecurityGroupLimitExceeded and
 * RouteLimitExceeded: what names it has no room for a larger one
 */
export async function modifyManagedPrefixList(
  { state }: Ec2Context,
  input: ModifyManagedPrefixListCommandInput,
  call: Call,
): Promise<ModifyManagedPrefixListResult> {
  const { AddEntries = [], RemoveEntries = [], MaxEntries, PrefixListName, CurrentVersion } = input;
  if (input.IpamPrefixListResolverSyncEnabled === true) throw unsupported('IPAM prefix list resolvers are');
  const changesEntries = AddEntries.length + RemoveEntries.length > 0;
  if (changesEntries && MaxEntries !== undefined) {
    throw invalidParameterCombination(
      'You cannot modify the entries and the maximum entries for the prefix list in the same request.',
    );
  }
  if (!changesEntries && MaxEntries === undefined && PrefixListName === undefined) {
    throw missingParameter('AddEntries, RemoveEntries, MaxEntries or PrefixListName');
  }
  const list = await state.transact((tx) => {
    const before = requireRecord(tx, call, kinds.prefixList, input.PrefixListId, 'PrefixListId');
    if (changesEntries || CurrentVersion !== undefined) requireVersion(before, CurrentVersion);
    const name = PrefixListName === undefined ? before.name : readListName(PrefixListName);
    if (changesEntries) {
      const entries = changedEntries(
        before,
        readAdded(AddEntries, before.addressFamily),
        readRemoved(RemoveEntries, before.addressFamily),
      );
      return putNextVersion(tx, call, before, { entries, name, state: 'modify-complete' });
    }
    const maxEntries = MaxEntries === undefined ? before.maxEntries : readMaxEntries(MaxEntries);
    const after: PrefixListRecord = { ...before, name, maxEntries, state: 'modify-complete' };
    tx.put(prefixLists, ec2Key(prefixLists, call, after.id), after);
    assertSizeFits(tx, call, before, after);
    return after;
  });
  return { PrefixList: prefixListView(call, list) };
}

/**
 * Gives a list the entries of an earlier version, as its next one.
 * @throws {Refusal} InvalidPrefixListID.NotFound, PrefixListVersionMismatch, PrefixListMaxEntriesExceeded,
 * InvalidParameterValue, MissingParameter
 */
export async function restoreManagedPrefixListVersion(
  { state }: Ec2Context,
  { PrefixListId, PreviousVersion, CurrentVersion }: RestoreManagedPrefixListVersionCommandInput,
  call: Call,
): Promise<RestoreManagedPrefixListVersionResult> {
  if (PreviousVersion === undefined) throw missingParameter('PreviousVersion');
  const list = await state.transact((tx) => {
    const before = requireRecord(tx, call, kinds.prefixList, PrefixListId, 'PrefixListId');
    requireVersion(before, CurrentVersion);
    const former = entriesOfVersion(tx, call, before, PreviousVersion);
    // The list may have become smaller since.
    const entries = changedEntries({ ...before, entries: [] }, former, []);
    return putNextVersion(tx, call, before, { entries, name: before.name, state: 'restore-complete' });
  });
  return { PrefixList: prefixListView(call, list) };
}

function assertSizeFits(
  tx: Transaction,
  scope: Scope,
  before: PrefixListRecord,
  { id, entries, maxEntries }: PrefixListRecord,
): void {
  if (maxEntries < entries.length) {
    throw invalidParameterValue(
      `The prefix list has ${entries.length} entries: its maximum number of entries cannot be ${maxEntries}.`,
    );
  }
  if (maxEntries <= before.maxEntries) return;
  guardUses(tx, scope);
  const { groups, tables } = usesOf(tx, scope, id);
  const listOf = prefixListsOf(tx, scope);
  for (const { rules } of groups) assertWithinQuota(rules, listOf);
  for (const { routes } of tables) assertRoutesWithinQuota(routes, listOf);
}
