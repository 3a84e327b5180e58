import type { AttachedPermissionsBoundary } from '@aws-sdk/client-iam';
import type { Reader } from '../../reconcile/index.ts';
import { managedPolicy } from './authorization/policies-of.ts';
import { noSuchEntity } from './errors.ts';

/** @throws {Refusal} NoSuchEntity: there is no such managed policy. */
export function boundaryFor(
  reader: Reader,
  arn: string | undefined,
): { readonly permissionsBoundary?: string } {
  if (arn === undefined) return {};
  if (managedPolicy(reader, arn) === undefined) {
    throw noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`);
  }
  return { permissionsBoundary: arn };
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
