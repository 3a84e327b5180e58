import type { AddPrefixListEntry, RemovePrefixListEntry } from '@aws-sdk/client-ec2';
import { cidrText, parseCidr } from '../../../topology/index.ts';
import { ec2Refusal, invalidParameterValue, invalidValue } from '../errors.ts';
import { ipv6Block } from '../input/ipv6-block.ts';
import type { PrefixListEntryRecord, PrefixListRecord } from '../records.ts';

type Entries = readonly PrefixListEntryRecord[];
type Family = PrefixListRecord['addressFamily'];

/** In one request. */
const mostEntries = 100;

/**
 * Entries that a request adds: blocks without host bits.
 * @throws {Refusal} InvalidParameterValue
 */
export function readAdded(asked: readonly AddPrefixListEntry[], family: Family): Entries {
  return checkedOnce(
    asked.map(({ Cidr, Description }) => {
      if (Description !== undefined && Description.length > 255) {
        throw invalidParameterValue('The description of a prefix list entry has at most 255 characters.');
      }
      return {
        cidr: readCidr(Cidr, family),
        ...(Description !== undefined && Description !== '' && { description: Description }),
      };
    }),
  );
}

/** The blocks of entries that a request removes. @throws {Refusal} InvalidParameterValue */
export function readRemoved(asked: readonly RemovePrefixListEntry[], family: Family): readonly string[] {
  return checkedOnce(asked.map(({ Cidr }) => ({ cidr: readCidr(Cidr, family) }))).map(({ cidr }) => cidr);
}

/**
 * What a list's entries are after a change.
 * @throws {Refusal} InvalidParameterValue: an entry is there already, or is not; PrefixListMaxEntriesExceeded
 */
export function changedEntries(
  { entries, maxEntries }: Pick<PrefixListRecord, 'entries' | 'maxEntries'>,
  added: Entries,
  removed: readonly string[],
): Entries {
  const gone = new Set(removed);
  const before = new Set(entries.map(({ cidr }) => cidr));
  const missing = removed.find((cidr) => !before.has(cidr));
  if (missing !== undefined) {
    throw invalidParameterValue(`The entry ${missing} does not exist in the prefix list.`);
  }
  // Another description takes two requests.
  const twice = added.find(({ cidr }) => before.has(cidr));
  if (twice !== undefined) {
    throw invalidParameterValue(`The entry ${twice.cidr} already exists in the prefix list.`);
  }
  const after = [...entries.filter(({ cidr }) => !gone.has(cidr)), ...added];
  if (after.length > maxEntries) {
    throw ec2Refusal(
      'PrefixListMaxEntriesExceeded',
      `You've reached the maximum number of entries for the prefix list: ${maxEntries}.`,
    );
  }
  return after;
}

function checkedOnce(entries: Entries): Entries {
  if (entries.length > mostEntries) {
    throw invalidParameterValue(`The number of entries per request cannot exceeds limit (${mostEntries}).`);
  }
  if (new Set(entries.map(({ cidr }) => cidr)).size < entries.length) {
    throw invalidParameterValue('The same prefix list entry must not appear multiple times');
  }
  return entries;
}

function readCidr(asked: string | undefined, family: Family): string {
  const block = family === 'IPv4' ? parseCidr(asked ?? '') : undefined;
  const cidr = family === 'IPv4' ? block && cidrText(block) : ipv6Block(asked ?? '');
  if (cidr === undefined) throw invalidValue(asked ?? '', 'Cidr', 'This is not a valid CIDR block.');
  return cidr;
}
