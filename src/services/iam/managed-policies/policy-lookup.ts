import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { entityArn, parseEntityArn } from '../arn.ts';
import { invalidInput } from '../errors.ts';
import { entityKey, type PolicyRecord, policies } from '../records.ts';
import { awsManagedPolicy } from './index.ts';

/** A managed policy by its ARN, an account's or AWS's. */
export function managedPolicy(reader: Reader, arn: string): PolicyRecord | undefined {
  const parsed = parseEntityArn(arn);
  if (parsed?.type !== 'policy') return undefined;
  if (parsed.accountId === 'aws') return awsManagedPolicy(arn);
  const policy = reader.get(policies, entityKey(policies, parsed.accountId, parsed.name));
  // The path is part of the name, and names are compared as they were given.
  return policy && policyArn(parsed.accountId, policy) === arn ? policy : undefined;
}

/**
 * One that an account may use: its own, or AWS's.
 * @throws {Refusal} InvalidInput: it is no policy's ARN.
 */
export function usablePolicy(reader: Reader, accountId: string, arn: string): PolicyRecord | undefined {
  const parsed = parseEntityArn(arn);
  if (parsed?.type !== 'policy') throw invalidInput(`ARN ${arn} is not valid.`);
  return parsed.accountId === accountId || parsed.accountId === 'aws'
    ? managedPolicy(reader, arn)
    : undefined;
}

const policyArn = (
  accountId: string,
  { path, policyName }: Pick<PolicyRecord, 'path' | 'policyName'>,
): string => entityArn(accountId, 'policy', path, policyName);

/**
 * Counts a use of a policy in its own record, which its deletion reads and writes: so the two can't miss each other.
 * AWS's own are never deleted, and their uses are counted when asked for.
 */
export function countUse(
  tx: Transaction,
  arn: string,
  count: 'attachmentCount' | 'boundaryCount',
  by: 1 | -1,
): void {
  const parsed = parseEntityArn(arn);
  if (parsed === undefined || parsed.accountId === 'aws') return;
  const key = entityKey(policies, parsed.accountId, parsed.name);
  const policy = tx.get(policies, key);
  if (policy !== undefined) tx.put(policies, key, { ...policy, [count]: policy[count] + by });
}
