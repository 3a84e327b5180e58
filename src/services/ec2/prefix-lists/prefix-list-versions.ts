import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { ec2Refusal, invalidParameterValue, missingParameter } from '../errors.ts';
import {
  ec2Key,
  ec2Prefix,
  type PrefixListEntryRecord,
  type PrefixListRecord,
  prefixLists,
  prefixListVersions,
  type Scope,
} from '../records.ts';

/** VPC user guide, "Amazon VPC quotas": the oldest make room. */
const mostVersions = 1_000;

/** @throws {Refusal} MissingParameter; PrefixListVersionMismatch: somebody has changed it since */
export function requireVersion({ version }: PrefixListRecord, asked: number | undefined): void {
  if (asked === undefined) throw missingParameter('CurrentVersion');
  if (asked !== version) {
    throw ec2Refusal('PrefixListVersionMismatch', 'The prefix list has the incorrect version number.');
  }
}

/** The entries of a version that is or was the current one. @throws {Refusal} InvalidParameterValue */
export function entriesOfVersion(
  reader: Reader,
  scope: Scope,
  list: PrefixListRecord,
  version: number,
): readonly PrefixListEntryRecord[] {
  if (version === list.version) return list.entries;
  const former = reader.get(prefixListVersions, versionKey(scope, list.id, version));
  if (former === undefined) {
    throw invalidParameterValue(`The version ${version} of the prefix list '${list.id}' does not exist.`);
  }
  return former.entries;
}

/** Gives a list other entries as its next version. */
export function putNextVersion(
  tx: Transaction,
  scope: Scope,
  before: PrefixListRecord,
  after: Pick<PrefixListRecord, 'entries' | 'state' | 'name'>,
): PrefixListRecord {
  const { id, version, entries } = before;
  tx.put(prefixListVersions, versionKey(scope, id, version), { entries });
  if (version >= mostVersions) {
    tx.delete(prefixListVersions, versionKey(scope, id, version + 1 - mostVersions));
  }
  const list = { ...before, ...after, version: version + 1 };
  tx.put(prefixLists, ec2Key(prefixLists, scope, id), list);
  return list;
}

/** With its list. */
export function removeVersions(tx: Transaction, scope: Scope, id: string): void {
  const prefix = `${ec2Prefix(prefixListVersions, scope)}${id}/`;
  for (const { key } of tx.list(prefixListVersions, prefix)) tx.delete(prefixListVersions, key);
}

const versionKey = (scope: Scope, id: string, version: number) =>
  ec2Key(prefixListVersions, scope, id, String(version));
