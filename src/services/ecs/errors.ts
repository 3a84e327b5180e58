import type * as ecs from '@aws-sdk/client-ecs';
import { Refusal } from '../../protocols/index.ts';

/** Every error that the ECS model knows, by name. */
export type EcsErrorCode = Extract<keyof typeof ecs, `${string}Exception`>;

/** ECS's refusal in AWS's words (specs: `ClientException` for semantics, `InvalidParameterException` for parameters that don't fit). */
export function ecsRefusal(code: EcsErrorCode, message: string, members?: Record<string, unknown>): Refusal {
  return new Refusal(code, message, members ? { members } : {});
}

export const invalidParameter = (message: string): Refusal =>
  ecsRefusal('InvalidParameterException', message);
export const clientError = (message: string): Refusal => ecsRefusal('ClientException', message);
export const clusterNotFound = (): Refusal => ecsRefusal('ClusterNotFoundException', 'Cluster not found.');
export const serviceNotFound = (): Refusal => ecsRefusal('ServiceNotFoundException', 'Service not found.');
/** What a request asks for and Catamaran can't do yet: refused before anything changes. */
export const unsupported = (what: string): Refusal =>
  ecsRefusal('UnsupportedFeatureException', `${what} is not supported by this version of Catamaran yet.`);
