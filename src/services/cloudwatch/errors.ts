import type * as cloudwatch from '@aws-sdk/client-cloudwatch';
import { Refusal } from '../../protocols/index.ts';

/** Every error that the CloudWatch model knows, by name. */
type CloudWatchErrorCode = Extract<
  keyof typeof cloudwatch,
  `${string}Exception` | `${string}Fault` | 'ResourceNotFound' | 'InvalidNextToken'
>;

const cloudWatchRefusal = (code: CloudWatchErrorCode, message: string): Refusal => new Refusal(code, message);

export const invalidValue = (message: string): Refusal =>
  cloudWatchRefusal('InvalidParameterValueException', message);
export const invalidCombination = (message: string): Refusal =>
  cloudWatchRefusal('InvalidParameterCombinationException', message);
export const missingParameter = (name: string): Refusal =>
  cloudWatchRefusal('MissingRequiredParameterException', `The parameter ${name} is required.`);
/** What the validation that AWS's services share finds. */
export const validationError = (message: string): Refusal =>
  cloudWatchRefusal('ValidationException', message);
export const invalidFormat = (message: string): Refusal => cloudWatchRefusal('InvalidFormatFault', message);
export const invalidNextToken = (message: string): Refusal => cloudWatchRefusal('InvalidNextToken', message);
export const limitExceeded = (message: string): Refusal => cloudWatchRefusal('LimitExceededFault', message);
export const alarmNotFound = (name: string): Refusal =>
  cloudWatchRefusal('ResourceNotFound', `Unknown alarm: ${name}`);
/** What a request asks for and Catamaran can't do yet: refused before anything changes. */
export const unsupported = (what: string): Refusal =>
  invalidValue(`${what} not supported by this version of Catamaran yet.`);
