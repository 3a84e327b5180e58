import type {
  DecryptCommandInput,
  EncryptCommandInput,
  GenerateDataKeyCommandInput,
  GenerateDataKeyWithoutPlaintextCommandInput,
  GenerateRandomCommandInput,
  ReEncryptCommandInput,
} from '@aws-sdk/client-kms';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { aliasOf, type Scope } from '../arn.ts';
import { keyIdOf } from '../cipher.ts';
import { type KmsContext, requireKey } from '../context.ts';
import { incorrectKey, invalidCiphertext, unsupported, validationException } from '../errors.ts';
import { constraints } from '../input.ts';
import { decryptBy, encryptBy } from '../key-use.ts';
import { permit, permitOnKey } from '../permission.ts';
import { type KeyRecord, keyKey, keys } from '../records.ts';

/** "Encrypt", AWS KMS API reference. */
const maxPlaintextBytes = 4_096;
const maxBlobBytes = 6_144;
const algorithm = 'SYMMETRIC_DEFAULT';

/** @throws {Refusal} */
export function encrypt(context: KmsContext, input: EncryptCommandInput, call: Call) {
  const { KeyId = '', Plaintext = new Uint8Array(), EncryptionContext: about = {} } = input;
  refuseLength('plaintext', Plaintext, maxPlaintextBytes);
  refuseOthers(input);
  const key = permitted(context, call, 'kms:Encrypt', KeyId, about);
  return {
    ...{ CiphertextBlob: encryptBy(context, key, Plaintext, about), KeyId: key.arn },
    EncryptionAlgorithm: algorithm,
  } as const;
}

/** @throws {Refusal} */
export function decrypt(context: KmsContext, input: DecryptCommandInput, call: Call) {
  const { CiphertextBlob = new Uint8Array(), EncryptionContext: about = {}, KeyId } = input;
  refuseLength('ciphertextBlob', CiphertextBlob, maxBlobBytes);
  refuseOthers(input);
  const key = keyOfBlob(context.state, call, CiphertextBlob, KeyId);
  permitOnKey(context, call, 'kms:Decrypt', key, { encryptionContext: about, ...aliasOf(KeyId ?? '') });
  const plaintext = decryptBy(context, key, CiphertextBlob, about);
  if (plaintext === undefined) throw invalidCiphertext();
  return { Plaintext: plaintext, KeyId: key.arn, EncryptionAlgorithm: algorithm } as const;
}

/** @throws {Refusal} */
export function reEncrypt(context: KmsContext, input: ReEncryptCommandInput, call: Call) {
  const { CiphertextBlob = new Uint8Array(), SourceKeyId, DestinationKeyId = '' } = input;
  const { SourceEncryptionContext: before = {}, DestinationEncryptionContext: after = {} } = input;
  refuseLength('ciphertextBlob', CiphertextBlob, maxBlobBytes);
  refuseOthers(input);
  const source = keyOfBlob(context.state, call, CiphertextBlob, SourceKeyId);
  permitOnKey(context, call, 'kms:ReEncryptFrom', source, { encryptionContext: before });
  const destination = permitted(context, call, 'kms:ReEncryptTo', DestinationKeyId, after);
  const plaintext = decryptBy(context, source, CiphertextBlob, before);
  if (plaintext === undefined) throw invalidCiphertext();
  return {
    ...{ CiphertextBlob: encryptBy(context, destination, plaintext, after), KeyId: destination.arn },
    ...({ SourceKeyId: source.arn, SourceEncryptionAlgorithm: algorithm } as const),
    DestinationEncryptionAlgorithm: algorithm,
  } as const;
}

/** A new key for data: as it is, and encrypted. @throws {Refusal} */
export function generateDataKey(context: KmsContext, input: GenerateDataKeyCommandInput, call: Call) {
  const { key, plaintext, blob } = newDataKey(context, input, call, 'kms:GenerateDataKey');
  return { CiphertextBlob: blob, Plaintext: plaintext, KeyId: key.arn };
}

/** @throws {Refusal} */
export function generateDataKeyWithoutPlaintext(
  context: KmsContext,
  input: GenerateDataKeyWithoutPlaintextCommandInput,
  call: Call,
) {
  const { key, blob } = newDataKey(context, input, call, 'kms:GenerateDataKeyWithoutPlaintext');
  return { CiphertextBlob: blob, KeyId: key.arn };
}

/** @throws {Refusal} */
export function generateRandom(context: KmsContext, input: GenerateRandomCommandInput, call: Call) {
  const { NumberOfBytes } = input;
  permit(context, call, 'kms:GenerateRandom');
  if (input.CustomKeyStoreId !== undefined) throw unsupported('Custom key stores are');
  constraints().number('numberOfBytes', NumberOfBytes, { min: 1, max: 1_024 }).throwIfViolated();
  if (NumberOfBytes === undefined) throw validationException('NumberOfBytes is required.');
  return { Plaintext: context.random.bytes(NumberOfBytes) };
}

function newDataKey(
  context: KmsContext,
  input: GenerateDataKeyWithoutPlaintextCommandInput,
  call: Call,
  action: string,
) {
  const { KeyId = '', KeySpec, NumberOfBytes, EncryptionContext: about = {} } = input;
  constraints().number('numberOfBytes', NumberOfBytes, { min: 1, max: 1_024 }).throwIfViolated();
  if ((KeySpec === undefined) === (NumberOfBytes === undefined))
    throw validationException('Please specify either number of bytes or key spec.');
  refuseOthers(input);
  const key = permitted(context, call, action, KeyId, about);
  const plaintext = context.random.bytes(NumberOfBytes ?? (KeySpec === 'AES_128' ? 16 : 32));
  return { key, plaintext, blob: encryptBy(context, key, plaintext, about) };
}

function permitted(
  context: KmsContext,
  call: Call,
  action: string,
  keyId: string,
  encryptionContext: Readonly<Record<string, string>>,
): KeyRecord {
  const key = requireKey(context.state, call, keyId);
  permitOnKey(context, call, action, key, { encryptionContext, ...aliasOf(keyId) });
  return key;
}

/** A blob says by itself which key it is of. @throws InvalidCiphertextException, IncorrectKeyException */
function keyOfBlob(reader: Reader, call: Scope, blob: Uint8Array, wanted: string | undefined): KeyRecord {
  const id = keyIdOf(blob);
  const named = wanted === undefined ? undefined : requireKey(reader, call, wanted);
  if (named !== undefined && id !== undefined && named.id !== id) throw incorrectKey();
  const key = named ?? (id === undefined ? undefined : reader.get(keys, keyKey(call, id)));
  if (key === undefined || id === undefined) throw invalidCiphertext();
  return key;
}

function refuseLength(name: string, bytes: Uint8Array, max: number): void {
  if (bytes.length < 1 || bytes.length > max)
    throw validationException(
      `1 validation error detected: Value at '${name}' failed to satisfy constraint: Member must have length ${bytes.length < 1 ? 'greater than or equal to 1' : `less than or equal to ${max}`}`,
    );
}

/** What there is none of. */
function refuseOthers(input: {
  readonly EncryptionAlgorithm?: string | undefined;
  readonly DryRun?: boolean | undefined;
  readonly GrantTokens?: readonly string[] | undefined;
  readonly Recipient?: object | undefined;
}): void {
  if (input.EncryptionAlgorithm !== undefined && input.EncryptionAlgorithm !== algorithm)
    throw unsupported(`The algorithm ${input.EncryptionAlgorithm} is`);
  if (input.DryRun === true) throw unsupported('DryRun is');
  if (input.Recipient !== undefined) throw unsupported('Nitro enclaves (Recipient) are');
  if ((input.GrantTokens?.length ?? 0) > 0) throw unsupported('Grants are');
}
