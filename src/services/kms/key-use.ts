import { decryptUnder, type EncryptionContext, encryptUnder } from './cipher.ts';
import type { KmsContext } from './context.ts';
import { keyDisabled, pendingDeletion } from './errors.ts';
import { type KeyRecord, materialPurpose } from './records.ts';

/** @throws DisabledException, KMSInvalidStateException */
function assertEnabled({ state, arn }: KeyRecord): void {
  if (state === 'Disabled') throw keyDisabled(arn);
  if (state === 'PendingDeletion') throw pendingDeletion(arn);
}

function materialOf({ sealer }: Pick<KmsContext, 'sealer'>, { id, arn, sealedMaterial }: KeyRecord): Buffer {
  const material = sealer.openBytes(sealedMaterial, materialPurpose(id));
  if (material === undefined)
    throw new Error(`The material of ${arn} cannot be opened: it was sealed by another installation`);
  return material;
}

/** @throws DisabledException, KMSInvalidStateException */
export function encryptBy(
  context: Pick<KmsContext, 'random' | 'sealer'>,
  key: KeyRecord,
  plaintext: Uint8Array,
  about: EncryptionContext,
): Buffer {
  assertEnabled(key);
  const material = materialOf(context, key);
  return encryptUnder({ id: key.id, material }, plaintext, about, context.random);
}

/** Undefined: it was not encrypted so. @throws DisabledException, KMSInvalidStateException */
export function decryptBy(
  context: Pick<KmsContext, 'sealer'>,
  key: KeyRecord,
  blob: Uint8Array,
  about: EncryptionContext,
): Buffer | undefined {
  assertEnabled(key);
  return decryptUnder(materialOf(context, key), blob, about);
}
