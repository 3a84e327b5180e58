import type { GetUserCommandInput, GetUserResponse } from '@aws-sdk/client-iam';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { accountCreatedAt } from '../account/account-age.ts';
import { rootArn } from '../arn.ts';
import type { IamContext } from '../context.ts';
import { validationError } from '../errors.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import { findUser } from './user-lookup.ts';
import { userView } from './user-view.ts';

/**
 * Without a name it answers about the caller; the root user is one, too.
 * @throws {Refusal} NoSuchEntity, ValidationError.
 */
export function getUser(
  { state }: IamContext,
  { UserName }: GetUserCommandInput,
  call: Call,
): GetUserResponse {
  const { accountId, principal } = call;
  if (UserName === undefined) {
    const { identity } = principal;
    if (identity.kind === 'user') {
      return { User: userView(accountId, findUser(state, accountId, identity.userName)) };
    }
    if (identity.kind === 'root') return { User: rootView(state, accountId) };
    throw validationError('Must specify userName when calling with non-User credentials');
  }
  checkName(new Constraints(), 'userName', 'user', UserName).throwIfViolated();
  return { User: userView(accountId, findUser(state, accountId, UserName)) };
}

/** The root has no name and no record of its own. It began with its account; when the first one did is not kept. */
function rootView(reader: Reader, accountId: string) {
  return {
    Path: '/',
    UserName: 'root',
    UserId: accountId,
    Arn: rootArn(accountId),
    CreateDate: new Date(accountCreatedAt(reader, accountId) ?? 0),
  };
}
