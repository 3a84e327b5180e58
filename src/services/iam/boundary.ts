import type { AttachedPermissionsBoundary } from '@aws-sdk/client-iam';
import type { Transaction } from '../../reconcile/index.ts';
import { noSuchEntity } from './errors.ts';
import type { Constraints } from './input/constraints.ts';
import { assertAttachable, countUse, unknownHere, usablePolicy } from './managed-policies/policy-lookup.ts';

/** A boundary's ARN, as every request takes it. */
export function checkBoundary(
  constraints: Constraints,
  arn: string | undefined,
  { isRequired = false } = {},
): Constraints {
  return constraints.text('permissionsBoundary', arn, { isRequired, minLength: 20, maxLength: 2048 });
}

/**
 * What a user or role that is made has as its boundary, counted in the policy.
 * @throws {Refusal} NoSuchEntity: there is no such managed policy; PolicyNotAttachable; InvalidInput: it is no policy's ARN.
 */
export function boundaryFor(
  tx: Transaction,
  accountId: string,
  arn: string | undefined,
): { readonly permissionsBoundary?: string } {
  return withBoundary(tx, accountId, {}, arn);
}

interface Bounded {
  readonly permissionsBoundary?: string;
}

/**
 * A user or role with another boundary, or with none; both policies' counts follow. Before it is deleted it has none.
 * @throws {Refusal} as `boundaryFor`.
 */
export function withBoundary<T extends Bounded>(
  tx: Transaction,
  accountId: string,
  { permissionsBoundary: before, ...holder }: T,
  arn: string | undefined,
): Omit<T, 'permissionsBoundary'> & Bounded {
  if (arn !== undefined) assertAttachable(arn);
  if (arn !== undefined && usablePolicy(tx, accountId, arn) === undefined) {
    throw noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.${unknownHere(arn)}`);
  }
  if (before !== arn) {
    if (before !== undefined) countUse(tx, before, 'boundaryCount', -1);
    if (arn !== undefined) countUse(tx, arn, 'boundaryCount', 1);
  }
  return { ...holder, ...(arn !== undefined && { permissionsBoundary: arn }) };
}

export function boundaryView(arn: string | undefined): {
  readonly PermissionsBoundary?: AttachedPermissionsBoundary;
} {
  return arn === undefined
    ? {}
    : {
        PermissionsBoundary: {
          PermissionsBoundaryType: 'PermissionsBoundaryPolicy',
          PermissionsBoundaryArn: arn,
        },
      };
}
