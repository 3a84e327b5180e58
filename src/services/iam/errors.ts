import type * as iam from '@aws-sdk/client-iam';
import { Refusal } from '../../protocols/index.ts';

/** Every error that the IAM model knows, by name. */
type IamErrorCode = Extract<keyof typeof iam, `${string}Exception`>;

const iamRefusal = (code: IamErrorCode, message: string): Refusal => new Refusal(code, message);

export const invalidInput = (message: string): Refusal => iamRefusal('InvalidInputException', message);
export const noSuchEntity = (message: string): Refusal => iamRefusal('NoSuchEntityException', message);
export const entityAlreadyExists = (message: string): Refusal =>
  iamRefusal('EntityAlreadyExistsException', message);
export const deleteConflict = (message: string): Refusal => iamRefusal('DeleteConflictException', message);
/** What stands in the way of a deletion, such as `delete access keys`. */
export const mustFirst = (what: string): Refusal =>
  deleteConflict(`Cannot delete entity, must ${what} first.`);
export const limitExceeded = (message: string): Refusal => iamRefusal('LimitExceededException', message);
/** `quota` as AWS spells it, such as `AccessKeysPerUser`. */
export const quotaExceeded = (quota: string, limit: number): Refusal =>
  limitExceeded(`Cannot exceed quota for ${quota}: ${limit}`);
/** A service-linked role, which only its service changes. */
export const protectedRole = (roleName: string): Refusal =>
  iamRefusal(
    'UnmodifiableEntityException',
    `Cannot perform the operation on the protected role '${roleName}' - this role is only modifiable by AWS`,
  );
export const policyNotAttachable = (message: string): Refusal =>
  iamRefusal('PolicyNotAttachableException', message);
export const malformedPolicy = (message: string): Refusal =>
  iamRefusal('MalformedPolicyDocumentException', message);
export const reportNotPresent = (message: string): Refusal =>
  iamRefusal('CredentialReportNotPresentException', message);
export const reportExpired = (message: string): Refusal =>
  iamRefusal('CredentialReportExpiredException', message);
/** What the validation that AWS's services share finds. */
export const validationError = (message: string): Refusal =>
  new Refusal('ValidationError', message, { status: 400 });
/** What nobody may do, whatever policies say. */
export const accessDenied = (message: string): Refusal =>
  new Refusal('AccessDenied', message, { status: 403 });
/** What a request asks for and Catamaran can't do yet: refused before anything changes. */
export const unsupported = (what: string): Refusal =>
  invalidInput(`${what} not supported by this version of Catamaran yet.`);
export const openIdIdpCommunication = (message: string, cause: unknown): Refusal =>
  new Refusal('OpenIdIdpCommunicationErrorException', message, { cause });
