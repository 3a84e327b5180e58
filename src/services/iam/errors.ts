import type * as iam from '@aws-sdk/client-iam';
import { Refusal } from '../../protocols/index.ts';

/** Every error that the IAM model knows, by name. */
type IamErrorCode = Extract<keyof typeof iam, `${string}Exception`>;

const iamRefusal = (code: IamErrorCode, message: string): Refusal => new Refusal(code, message);

export const invalidInput = (message: string): Refusal => iamRefusal('InvalidInputException', message);
/** What the validation that AWS's services share finds. */
export const validationError = (message: string): Refusal =>
  new Refusal('ValidationError', message, { status: 400 });
/** What a request asks for and Catamaran can't do yet: refused before anything changes. */
export const unsupported = (what: string): Refusal =>
  invalidInput(`${what} not supported by this version of Catamaran yet.`);
