import type { Clock, Random } from '../../clock/index.ts';
import type { Reader, State, Transaction } from '../../reconcile/index.ts';
import type { Sealer } from '../../sealing/index.ts';
import { readArn, type Scope } from './arn.ts';
import { certificateNotFound, invalidArn } from './errors.ts';
import { type CertificateRecord, certificateKey, certificates } from './records.ts';

/** What the ACM room is given by the composition root. */
export interface AcmContext {
  readonly state: State;
  readonly clock: Clock;
  readonly random: Random;
  readonly sealer: Sealer;
  /** ARNs of what serves a certificate. */
  readonly usersOf: (reader: Reader, certificateArn: string) => readonly string[];
}

/** Undefined for the ARN of something else too; what is being deleted is as good as gone. */
export function findCertificate(
  reader: Reader | Transaction,
  scope: Scope,
  arn: string,
): CertificateRecord | undefined {
  const id = readArn(scope, arn);
  const found = id === undefined ? undefined : reader.get(certificates, certificateKey(scope, id));
  return found?.isBeingDeleted ? undefined : found;
}

/** @throws ResourceNotFoundException, InvalidArnException */
export function requireCertificate(
  reader: Reader | Transaction,
  scope: Scope,
  arn: string,
): CertificateRecord {
  if (!/^arn:aws:acm:[\w-]*:\d*:certificate\/[\w-]+$/.test(arn)) throw invalidArn(arn);
  const found = findCertificate(reader, scope, arn);
  if (found === undefined) throw certificateNotFound(arn);
  return found;
}
