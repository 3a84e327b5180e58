import type { Clock, Random } from '../../clock/index.ts';
import type { Reader, State, Transaction } from '../../reconcile/index.ts';
import type { Sealer } from '../../sealing/index.ts';
import type { Call, ConditionKeys } from '../service.ts';
import { aliasArn, keyArn, readKeyReference, type Scope } from './arn.ts';
import { aliasNotFound, invalidKeyId, keyNotFound } from './errors.ts';
import { aliases, aliasKey, type KeyRecord, keyKey, keys } from './records.ts';

/** What the KMS room is given by the composition root. */
export interface KmsContext {
  readonly state: State;
  readonly clock: Clock;
  readonly random: Random;
  readonly sealer: Sealer;
  /** What has policies itself is decided by them and by its own policy together: see `PolicedRequest`. */
  readonly whyNotPermitted: (request: PolicedRequest) => string | undefined;
  /** Why a policy document is none, in IAM's words. */
  readonly whyNotPolicy: (document: string) => string | undefined;
}

/** An action on something that has a policy of its own, which has to allow it, by naming the caller or the account. */
export interface PolicedRequest {
  readonly call: Call;
  readonly action: string;
  readonly resource: string;
  readonly conditions: () => ConditionKeys;
  /** Absent: identity policies alone decide. */
  readonly policy?: string;
}

/** By id, ARN or alias. @throws NotFoundException */
export function requireKey(reader: Reader | Transaction, caller: Scope, text: string): KeyRecord {
  const reference = readKeyReference(caller, text);
  if (reference === undefined) throw invalidKeyId(text);
  const { scope, aliasName } = reference;
  let { keyId } = reference;
  if (aliasName !== undefined) {
    keyId = reader.get(aliases, aliasKey(scope, aliasName))?.keyId;
    if (keyId === undefined) throw aliasNotFound(aliasArn(scope, aliasName));
  }
  const found = keyId === undefined ? undefined : reader.get(keys, keyKey(scope, keyId));
  if (found === undefined) throw keyNotFound(keyArn(scope, keyId ?? ''));
  return found;
}
