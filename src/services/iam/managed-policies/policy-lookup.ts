import type { Refusal } from '../../../protocols/index.ts';
import type { Reader, RecordKey, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { entityArn, parseEntityArn } from '../arn.ts';
import { accessDenied, invalidInput, noSuchEntity, policyNotAttachable } from '../errors.ts';
import type { Constraints } from '../input/constraints.ts';
import { entityKey, type PolicyRecord, policies } from '../records.ts';
import { awsManagedPolicy } from './aws/aws-managed-policies.ts';

export function checkPolicyArn(constraints: Constraints, arn: string | undefined): Constraints {
  return constraints.text('policyArn', arn, { isRequired: true, minLength: 20, maxLength: 2048 });
}

/** A managed policy by its ARN, an account's or AWS's. */
export function managedPolicy(reader: Reader, arn: string): PolicyRecord | undefined {
  const place = placeOfPolicy(arn);
  return place && policyAt(reader, place);
}

/** Where a managed policy is found: all of it that an ARN tells by itself. */
export type PolicyPlace =
  | { readonly arn: string; readonly accountId: string; readonly key: RecordKey }
  /** One of AWS's own. */
  | { readonly policy: PolicyRecord };

/** Undefined: it is no policy's ARN, or of AWS's own none that is known here. */
export function placeOfPolicy(arn: string): PolicyPlace | undefined {
  const parsed = parseEntityArn(arn);
  if (parsed?.type !== 'policy') return undefined;
  const { accountId, name } = parsed;
  if (accountId !== 'aws') return { arn, accountId, key: entityKey(policies, accountId, name) };
  const policy = awsManagedPolicy(arn);
  return policy && { policy };
}

export function policyAt(reader: Reader, place: PolicyPlace): PolicyRecord | undefined {
  if ('policy' in place) return place.policy;
  const policy = reader.get(policies, place.key);
  // The path is part of the name, and names are compared as they were given.
  return policy && policyArn(place.accountId, policy) === place.arn ? policy : undefined;
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

/** @throws {Refusal} NoSuchEntity; InvalidInput: it is no policy's ARN. */
export function findPolicy(reader: Reader, accountId: string, arn: string): PolicyRecord {
  const policy = usablePolicy(reader, accountId, arn);
  if (policy === undefined) throw noSuchPolicy(arn);
  return policy;
}

export const noSuchPolicy = (arn: string): Refusal =>
  noSuchEntity(`Policy ${arn} was not found.${unknownHere(arn)}`);

/** Where a policy of AWS's is asked for that AWS may well have: what to do. */
export function unknownHere(arn: string): string {
  return parseEntityArn(arn)?.accountId === 'aws' && awsManagedPolicy(arn) === undefined
    ? " Of AWS's own policies this version of Catamaran knows those that ListPolicies shows with Scope AWS."
    : '';
}

/**
 * AWS's policies for service-linked roles are for these alone.
 * @throws {Refusal} PolicyNotAttachable.
 */
export function assertAttachable(arn: string): void {
  if (arn.startsWith('arn:aws:iam::aws:policy/aws-service-role/')) {
    throw policyNotAttachable('Cannot attach a Service Role Policy to a Customer Role.');
  }
}

export const policyArn = (
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

/**
 * A policy of the account's own, changed in its record.
 * @throws {Refusal} NoSuchEntity, InvalidInput; AccessDenied: it is AWS's; whatever `change` throws.
 */
export function changePolicy(
  tx: Transaction,
  { accountId, principal }: Pick<Call, 'accountId' | 'principal'>,
  { action, arn }: { readonly action: string; readonly arn: string },
  change: (policy: PolicyRecord) => PolicyRecord | undefined,
): void {
  const before = findPolicy(tx, accountId, arn);
  if (parseEntityArn(arn)?.accountId === 'aws') {
    const what = `iam:${action} on resource: policy ${arn}`;
    throw accessDenied(`User: ${principal.arn} is not authorized to perform: ${what}`);
  }
  const key = entityKey(policies, accountId, before.policyName);
  const after = change(before);
  if (after === undefined) tx.delete(policies, key);
  else tx.put(policies, key, after);
}
