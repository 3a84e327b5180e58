import type {
  DecodeAuthorizationMessageCommandInput,
  DecodeAuthorizationMessageResponse,
} from '@aws-sdk/client-sts';
import { Refusal } from '../../../protocols/index.ts';
import type { Sessions } from '../../iam/index.ts';
import type { Call } from '../../service.ts';
import { stsConstraints } from '../session-input.ts';

/** @throws {Refusal} ValidationError, InvalidAuthorizationMessage. */
export function decodeAuthorizationMessage(
  sessions: Sessions,
  { EncodedMessage = '' }: DecodeAuthorizationMessageCommandInput,
  { accountId }: Call,
): DecodeAuthorizationMessageResponse {
  stsConstraints()
    .text('encodedMessage', EncodedMessage, { minLength: 1, maxLength: 10_240 })
    .throwIfViolated();
  const DecodedMessage = sessions.decodeAuthorizationMessage(accountId, EncodedMessage);
  if (DecodedMessage === undefined) {
    throw new Refusal('InvalidAuthorizationMessageException', 'Message is not valid');
  }
  return { DecodedMessage };
}
