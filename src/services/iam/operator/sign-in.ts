import { Refusal } from '../../../protocols/index.ts';
import type { IamContext } from '../context.ts';
import {
  issueSession,
  type SessionIdentity,
  type TemporaryCredentials,
} from '../credentials/session-token.ts';
import { type FoundIdentity, findIdentity } from './identities.ts';

/** Temporary credentials of a user, a role or an account's root. */
export interface SignIn extends TemporaryCredentials {
  readonly arn: string;
  readonly accountId: string;
}

const hour = 3_600;
/** What a day's work needs. */
const defaultSeconds = 12 * hour;
/** STS API reference, GetSessionToken. */
const maxSeconds = { user: 36 * hour, root: hour };
const minSeconds = 900;

/**
 * Whoever runs the installation signs in as anybody in it, without that one's long-term keys: as a user, as a role
 * (whatever its trust policy says) or as an account's root.
 *
 * @param name `root`, the name of a user or a role, `user/…`, `role/…` or an ARN.
 * @throws {Refusal} nobody is called so; a user and a role both are; the session would be too long.
 */
export function signIn(
  context: IamContext,
  name: string,
  given: { readonly account?: string | undefined; readonly durationSeconds?: number | undefined },
): SignIn {
  const who = findIdentity(context, name, given.account);
  const most = who.kind === 'role' ? who.maxSessionSeconds : maxSeconds[who.kind];
  const seconds = given.durationSeconds ?? Math.min(defaultSeconds, most);
  if (!Number.isInteger(seconds) || seconds < minSeconds || seconds > most) {
    throw refuse(`Invalid duration: a session of ${who.arn} lasts ${minSeconds} to ${most} seconds`);
  }
  const issuedAt = context.clock.now();
  const expiresAt = Math.floor(issuedAt / 1000 + seconds) * 1000;
  const credentials = issueSession(context, {
    accountId: who.accountId,
    identity: sessionIdentity(who),
    session: { issuedAt, expiresAt, ...(who.kind === 'role' && { name: 'catamaran-login' }) },
  });
  return { ...credentials, arn: who.arn, accountId: who.accountId };
}

function sessionIdentity(who: FoundIdentity): SessionIdentity {
  switch (who.kind) {
    case 'root':
      return { kind: 'root' };
    case 'user':
      return { kind: 'user', userName: who.name, userId: who.id };
    case 'role':
      return { kind: 'role', roleId: who.id };
  }
}

const refuse = (message: string): Refusal => new Refusal('InvalidRequest', message, { status: 400 });
