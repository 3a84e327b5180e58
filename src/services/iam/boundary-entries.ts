import type { SupportedOperation } from '../service.ts';
import { checkBoundary, withBoundary } from './boundary.ts';
import { entityBoundaryKey, entityTagKeys } from './conditions.ts';
import type { IamContext } from './context.ts';
import { type EntityType, nameConstraints } from './entity-type.ts';
import { entityKey } from './records.ts';
import { namedResource } from './resources.ts';

/**
 * The operations that set the permissions boundary of a user or a role and take it off. They refuse with NoSuchEntity,
 * InvalidInput, ValidationError, and whatever `find` says of what may not be changed.
 */
export function boundaryEntries<Named extends object, Kept extends { readonly permissionsBoundary?: string }>(
  { state }: IamContext,
  entity: EntityType<Named, Kept>,
) {
  const { type, noun, nameIn, collection, find } = entity;
  const resources = namedResource(state, type).named(nameIn);
  const change = async (input: Named, accountId: string, boundary: string | undefined) => {
    const name = nameIn(input) ?? '';
    await state.transact((tx) => {
      const after = withBoundary(tx, accountId, find(tx, accountId, name), boundary);
      // The member is optional, so without it and with another one it is what it was; the compiler can't tell.
      tx.put<Kept>(collection, entityKey(collection, accountId, name), after as Kept);
    });
    return {};
  };
  const put: SupportedOperation<Named & { readonly PermissionsBoundary: string | undefined }, object> = {
    action: `iam:Put${noun}PermissionsBoundary`,
    resources,
    conditions: (input, _call, resource) => ({
      ...entityTagKeys(state, resource),
      'iam:PermissionsBoundary': input.PermissionsBoundary,
    }),
    run: (input, { accountId }) => {
      checkBoundary(nameConstraints(entity, input), input.PermissionsBoundary, {
        isRequired: true,
      }).throwIfViolated();
      return change(input, accountId, input.PermissionsBoundary);
    },
  };
  const remove: SupportedOperation<Named, object> = {
    action: `iam:Delete${noun}PermissionsBoundary`,
    resources,
    conditions: (_input, _call, resource) => ({
      ...entityTagKeys(state, resource),
      ...entityBoundaryKey(state, resource),
    }),
    run: (input, { accountId }) => {
      nameConstraints(entity, input).throwIfViolated();
      return change(input, accountId, undefined);
    },
  };
  return { put, remove };
}
