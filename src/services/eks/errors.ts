import type * as sdk from '@aws-sdk/client-eks';
import { Refusal } from '../../protocols/index.ts';

/** Every error that EKS's model knows, by name. */
type EksErrorCode = Extract<keyof typeof sdk, `${string}Exception`>;

/** What an error is about, as its members tell besides its message. */
interface About {
  readonly clusterName?: string;
  readonly nodegroupName?: string;
  readonly addonName?: string;
  readonly fargateProfileName?: string;
}

const refusal = (code: EksErrorCode, message: string, about: About = {}): Refusal =>
  new Refusal(code, message, { members: { ...about } });

export const invalidParameter = (message: string, about?: About): Refusal =>
  refusal('InvalidParameterException', message, about);
export const invalidRequest = (message: string, about?: About): Refusal =>
  refusal('InvalidRequestException', message, about);
export const resourceNotFound = (message: string, about?: About): Refusal =>
  refusal('ResourceNotFoundException', message, about);
export const resourceInUse = (message: string, about?: About): Refusal =>
  refusal('ResourceInUseException', message, about);
export const clusterNotFound = (clusterName: string): Refusal =>
  resourceNotFound(`No cluster found for name: ${clusterName}.`, { clusterName });
export const limitExceeded = (message: string, about?: About): Refusal =>
  refusal('ResourceLimitExceededException', message, about);
export const invalidState = (message: string, about?: About): Refusal =>
  refusal('InvalidStateException', message, about);
export const badRequest = (message: string): Refusal => refusal('BadRequestException', message);
export const notFound = (arn: string): Refusal =>
  refusal('NotFoundException', `Resource was not found: ${arn}`);
/** What a request asks for and isn't built: refused before anything changes. */
export const unsupported = (what: string): Refusal =>
  invalidParameter(`${what} not supported by this version of Catamaran yet.`);
