import type * as sdk from '@aws-sdk/client-kms';
import { Refusal } from '../../protocols/index.ts';

/** Errors that KMS' model knows, and those of every service. */
type KmsErrorCode =
  | Extract<keyof typeof sdk, `${string}Exception`>
  | 'AccessDeniedException'
  | 'ValidationException';

/** 400 where the model does not say it. */
const refusal = (code: KmsErrorCode, message: string): Refusal => new Refusal(code, message, { status: 400 });

export const accessDenied = (message: string): Refusal => refusal('AccessDeniedException', message);
export const validationException = (message: string): Refusal => refusal('ValidationException', message);
export const keyNotFound = (arn: string): Refusal =>
  refusal('NotFoundException', `Key '${arn.slice(0, 2048)}' does not exist`);
export const aliasNotFound = (arn: string): Refusal =>
  refusal('NotFoundException', `Alias ${arn.slice(0, 2048)} is not found.`);
export const invalidKeyId = (text: string): Refusal =>
  refusal('NotFoundException', `Invalid keyId '${text.slice(0, 2048)}'`);
export const keyDisabled = (arn: string): Refusal => refusal('DisabledException', `${arn} is disabled.`);
export const invalidState = (message: string): Refusal => refusal('KMSInvalidStateException', message);
export const pendingDeletion = (arn: string): Refusal => invalidState(`${arn} is pending deletion.`);
export const aliasExists = (arn: string): Refusal =>
  refusal('AlreadyExistsException', `An alias with the name ${arn} already exists`);
export const invalidAlias = (message: string): Refusal => refusal('InvalidAliasNameException', message);
export const invalidCiphertext = (): Refusal => refusal('InvalidCiphertextException', '');
export const incorrectKey = (): Refusal =>
  refusal(
    'IncorrectKeyException',
    'The key ID in the request does not identify a CMK that can perform this operation.',
  );
export const malformedPolicy = (message: string): Refusal =>
  refusal('MalformedPolicyDocumentException', message);
export const limitExceeded = (message: string): Refusal => refusal('LimitExceededException', message);
export const invalidTag = (message: string): Refusal => refusal('TagException', message);
export const invalidMarker = (message: string): Refusal => refusal('InvalidMarkerException', message);
/** What a request asks for and isn't built: refused before anything changes. */
export const unsupported = (what: string): Refusal =>
  refusal('UnsupportedOperationException', `${what} not supported by this version of Catamaran yet.`);
