import type * as sdk from '@aws-sdk/client-eks';
import { Refusal } from '../../protocols/index.ts';

/** Every error that EKS's model knows, by name. */
type EksErrorCode = Extract<keyof typeof sdk, `${string}Exception`>;

const refusal = (code: EksErrorCode, message: string, clusterName?: string): Refusal =>
  new Refusal(code, message, clusterName === undefined ? {} : { members: { clusterName } });

export const invalidParameter = (message: string, clusterName?: string): Refusal =>
  refusal('InvalidParameterException', message, clusterName);
export const invalidRequest = (message: string, clusterName?: string): Refusal =>
  refusal('InvalidRequestException', message, clusterName);
export const clusterNotFound = (name: string): Refusal =>
  refusal('ResourceNotFoundException', `No cluster found for name: ${name}.`, name);
export const clusterExists = (name: string): Refusal =>
  refusal('ResourceInUseException', `Cluster already exists with name: ${name}`, name);
export const limitExceeded = (message: string): Refusal => refusal('ResourceLimitExceededException', message);
export const badRequest = (message: string): Refusal => refusal('BadRequestException', message);
export const notFound = (arn: string): Refusal =>
  refusal('NotFoundException', `Resource was not found: ${arn}`);
/** What a request asks for and isn't built: refused before anything changes. */
export const unsupported = (what: string): Refusal =>
  invalidParameter(`${what} not supported by this version of Catamaran yet.`);
