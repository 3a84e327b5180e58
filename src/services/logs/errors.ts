import type * as logs from '@aws-sdk/client-cloudwatch-logs';
import { Refusal } from '../../protocols/index.ts';

/** Every error that the CloudWatch Logs model knows, by name. */
type LogsErrorCode = Extract<keyof typeof logs, `${string}Exception`>;

function logsRefusal(code: LogsErrorCode, message: string, members: Record<string, unknown> = {}): Refusal {
  return new Refusal(code, message, { members });
}

export const invalidParameter = (message: string): Refusal =>
  logsRefusal('InvalidParameterException', message);
export const groupNotFound = (): Refusal =>
  logsRefusal('ResourceNotFoundException', 'The specified log group does not exist.');
export const streamNotFound = (): Refusal =>
  logsRefusal('ResourceNotFoundException', 'The specified log stream does not exist.');
export const groupExists = (): Refusal =>
  logsRefusal('ResourceAlreadyExistsException', 'The specified log group already exists');
export const streamExists = (): Refusal =>
  logsRefusal('ResourceAlreadyExistsException', 'The specified log stream already exists');
export const deletionProtected = (group: string): Refusal =>
  logsRefusal(
    'ValidationException',
    `Log group ${group} has deletion protection enabled. Disable it with PutLogGroupDeletionProtection first.`,
  );
export const tooManyTags = (arn: string): Refusal =>
  logsRefusal('TooManyTagsException', 'A resource can have at most 50 tags.', { resourceName: arn });
/** The events could not be stored for a reason of this machine; the caller may try again. */
export const storeUnavailable = (message: string): Refusal =>
  logsRefusal('ServiceUnavailableException', message);
/** What a request asks for and Catamaran can't do yet: refused before anything changes. */
export const unsupported = (what: string): Refusal =>
  invalidParameter(`${what} is not supported by this version of Catamaran yet.`);
