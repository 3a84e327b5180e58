import type {
  DeleteUserPermissionsBoundaryCommandInput,
  PutUserPermissionsBoundaryCommandInput,
} from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import { checkBoundary, withBoundary } from '../boundary.ts';
import type { IamContext } from '../context.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import { entityKey, users } from '../records.ts';
import { findUser } from './user-lookup.ts';

/** @throws {Refusal} NoSuchEntity, InvalidInput, PolicyNotAttachable, ValidationError. */
export async function putUserPermissionsBoundary(
  iam: IamContext,
  { UserName = '', PermissionsBoundary }: PutUserPermissionsBoundaryCommandInput,
  { accountId }: Call,
): Promise<object> {
  const constraints = checkName(new Constraints(), 'userName', 'user', UserName);
  checkBoundary(constraints, PermissionsBoundary, { isRequired: true }).throwIfViolated();
  await change(iam, accountId, UserName, PermissionsBoundary);
  return {};
}

/** @throws {Refusal} NoSuchEntity, ValidationError. */
export async function deleteUserPermissionsBoundary(
  iam: IamContext,
  { UserName = '' }: DeleteUserPermissionsBoundaryCommandInput,
  { accountId }: Call,
): Promise<object> {
  checkName(new Constraints(), 'userName', 'user', UserName).throwIfViolated();
  await change(iam, accountId, UserName, undefined);
  return {};
}

async function change(
  { state }: IamContext,
  accountId: string,
  userName: string,
  boundary: string | undefined,
): Promise<void> {
  await state.transact((tx) => {
    const user = withBoundary(tx, accountId, findUser(tx, accountId, userName), boundary);
    tx.put(users, entityKey(users, accountId, userName), user);
  });
}
