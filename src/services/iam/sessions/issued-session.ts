import { Refusal } from '../../../protocols/index.ts';
import type { Session } from '../../service.ts';
import type { IamContext } from '../context.ts';
import {
  issueSession,
  type SessionIdentity,
  type TemporaryCredentials,
} from '../credentials/session-token.ts';

/** A session's credentials, as STS tells them. */
export interface IssuedSession {
  readonly credentials: TemporaryCredentials;
  readonly tokenBytes: number;
  /** What the token has of its greatest size. */
  readonly tokenPercent: number;
  /** Whether policies or tags have made it longer. */
  readonly isPacked: boolean;
}

/** Every request carries the token in a header, beside others. */
const maxTokenBytes = 4096;

/** @throws {Refusal} PackedPolicyTooLarge: with its policies and tags the token is too large. */
export function issuedSession(
  context: Pick<IamContext, 'sealer' | 'random'>,
  of: { readonly accountId: string; readonly identity: SessionIdentity; readonly session: Session },
  minTokenBytes?: number,
): IssuedSession {
  const credentials = issueSession(context, of, minTokenBytes);
  const tokenBytes = credentials.sessionToken.length;
  const tokenPercent = Math.ceil((tokenBytes * 100) / maxTokenBytes);
  const { policies, tags = {} } = of.session;
  if (tokenBytes > maxTokenBytes) {
    throw new Refusal(
      'PackedPolicyTooLargeException',
      policies === undefined
        ? `Packed size of session tags consumes ${tokenPercent}% of allotted space.`
        : `Packed policy consumes ${tokenPercent}% of allotted space, please use smaller policy.`,
    );
  }
  const isPacked = policies !== undefined || Object.keys(tags).length > 0;
  return { credentials, tokenBytes, tokenPercent, isPacked };
}

/** Expiry is of a whole second, as it is shown. */
export const sessionTimes = (
  now: number,
  durationSeconds: number,
): Pick<Session, 'issuedAt' | 'expiresAt'> => ({
  issuedAt: now,
  expiresAt: (Math.floor(now / 1000) + durationSeconds) * 1000,
});
