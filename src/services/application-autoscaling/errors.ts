import type * as sdk from '@aws-sdk/client-application-auto-scaling';
import { Refusal } from '../../protocols/index.ts';
import { resourceIdOf, type TargetName } from './arn.ts';

/** Every error that the model of Application Auto Scaling knows, by name. */
type AutoScalingErrorCode = Extract<keyof typeof sdk, `${string}Exception`>;

const refusal = (
  code: AutoScalingErrorCode,
  message: string,
  members: Record<string, unknown> = {},
): Refusal => new Refusal(code, message, { members });

export const validation = (message: string): Refusal => refusal('ValidationException', message);
export const limitExceeded = (message: string): Refusal => refusal('LimitExceededException', message);
export const invalidNextToken = (message: string): Refusal => refusal('InvalidNextTokenException', message);
export const resourceNotFound = (arn: string): Refusal =>
  refusal('ResourceNotFoundException', `No scalable target exists with the ARN ${arn}.`, {
    ResourceName: arn,
  });
export const tooManyTags = (arn: string): Refusal =>
  refusal('TooManyTagsException', 'The maximum number of tags of a scalable target is 50.', {
    ResourceName: arn,
  });

const place = (target: TargetName): string =>
  `service namespace: ecs, resource ID: ${resourceIdOf(target)}, scalable dimension: ecs:service:DesiredCount`;

export const targetNotFound = (target: TargetName): Refusal =>
  refusal('ObjectNotFoundException', `No scalable target registered for ${place(target)}`);
export const policyNotFound = (target: TargetName, name: string): Refusal =>
  refusal('ObjectNotFoundException', `No scaling policy found for ${place(target)}, policy name: ${name}`);
export const scheduledActionNotFound = (target: TargetName, name: string): Refusal =>
  refusal(
    'ObjectNotFoundException',
    `No scheduled action found for ${place(target)}, scheduled action name: ${name}`,
  );
export const serviceNotFound = (target: TargetName): Refusal =>
  validation(`ECS service doesn't exist: ${resourceIdOf(target)}`);
export const notATarget = (): Refusal =>
  validation('Unsupported service namespace, resource type or scalable dimension');
/** What a request asks for and isn't built: refused before anything changes. */
export const unsupported = (what: string): Refusal =>
  validation(`${what} not supported by this version of Catamaran yet.`);
