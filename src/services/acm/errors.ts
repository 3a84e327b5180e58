import type * as sdk from '@aws-sdk/client-acm';
import { Refusal } from '../../protocols/index.ts';

/** Every error that ACM's model knows, by name. */
type AcmErrorCode = Extract<keyof typeof sdk, `${string}Exception`>;

const refusal = (code: AcmErrorCode, message: string): Refusal => new Refusal(code, message);

export const validationException = (message: string): Refusal => refusal('ValidationException', message);
const invalidParameter = (message: string): Refusal => refusal('InvalidParameterException', message);
export const certificateNotFound = (arn: string): Refusal =>
  refusal('ResourceNotFoundException', `Could not find certificate ${arn.slice(0, 255)}.`);
export const invalidArn = (arn: string): Refusal =>
  refusal('InvalidArnException', `Invalid certificate ARN: ${arn.slice(0, 255)}`);
export const certificateInUse = (arn: string, accountId: string): Refusal =>
  refusal('ResourceInUseException', `Certificate ${arn} in account ${accountId} is in use.`);
export const requestInProgress = (): Refusal =>
  refusal('RequestInProgressException', 'The certificate is in the PENDING_VALIDATION state.');
export const invalidDomainValidationOptions = (message: string): Refusal =>
  refusal('InvalidDomainValidationOptionsException', message);
export const limitExceeded = (message: string): Refusal => refusal('LimitExceededException', message);
export const tooManyTags = (): Refusal =>
  refusal('TooManyTagsException', 'A certificate can have at most 50 tags.');
export const invalidTag = (message: string): Refusal => refusal('InvalidTagException', message);
/** What a request asks for and isn't built: refused before anything changes. */
export const unsupported = (what: string): Refusal =>
  invalidParameter(`${what} not supported by this version of Catamaran yet.`);
