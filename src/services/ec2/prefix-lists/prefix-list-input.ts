import { invalidParameterValue, invalidValue, missingParameter } from '../errors.ts';
import type { PrefixListRecord } from '../records.ts';

/** VPC user guide, "Amazon VPC quotas". */
const mostEntries = 1_000;

/** @throws {Refusal} MissingParameter, InvalidParameterValue */
export function readListName(name: string | undefined): string {
  if (name === undefined || name === '') throw missingParameter('PrefixListName');
  if (name.length > 255 || name.startsWith('com.amazonaws')) {
    throw invalidValue(
      name,
      'PrefixListName',
      'Prefix list names have up to 255 characters and cannot start with com.amazonaws.',
    );
  }
  return name;
}

/** @throws {Refusal} MissingParameter, InvalidParameterValue */
export function readFamily(family: string | undefined): PrefixListRecord['addressFamily'] {
  if (family === undefined) throw missingParameter('AddressFamily');
  if (family === 'IPv4' || family === 'IPv6') return family;
  throw invalidValue(family, 'AddressFamily', 'Valid values: IPv4, IPv6.');
}

/** @throws {Refusal} MissingParameter, InvalidParameterValue */
export function readMaxEntries(maxEntries: number | undefined): number {
  if (maxEntries === undefined) throw missingParameter('MaxEntries');
  if (maxEntries < 1 || maxEntries > mostEntries) {
    throw invalidParameterValue(
      `Value (${maxEntries}) for parameter MaxEntries is invalid. Must specify a max size between 1 and ${mostEntries}.`,
    );
  }
  return maxEntries;
}
