import type { GetRoleCommandInput, GetRoleResponse } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import { findRole } from './role-lookup.ts';
import { roleView } from './role-view.ts';

/** @throws {Refusal} NoSuchEntity, ValidationError. */
export function getRole(
  { state }: IamContext,
  { RoleName }: GetRoleCommandInput,
  { accountId }: Call,
): GetRoleResponse {
  checkName(new Constraints(), 'roleName', 'role', RoleName).throwIfViolated();
  return { Role: roleView(state, accountId, findRole(state, accountId, RoleName ?? '')) };
}
