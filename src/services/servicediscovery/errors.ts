import type * as sdk from '@aws-sdk/client-servicediscovery';
import { Refusal } from '../../protocols/index.ts';

/** Every error that Cloud Map's model knows, by name. */
type CloudMapErrorCode = Extract<
  keyof typeof sdk,
  | `${string}Exception`
  | `${string}NotFound`
  | `${string}AlreadyExists`
  | 'DuplicateRequest'
  | 'InvalidInput'
  | 'RequestLimitExceeded'
  | 'ResourceInUse'
  | 'ResourceLimitExceeded'
>;

const refusal = (code: CloudMapErrorCode, message: string, members: Record<string, unknown> = {}): Refusal =>
  new Refusal(code, message, { members });

export const invalidInput = (message: string): Refusal => refusal('InvalidInput', message);
export const namespaceNotFound = (id: string): Refusal =>
  refusal('NamespaceNotFound', `No namespace exists with the specified ID: ${shown(id)}.`);
export const serviceNotFound = (id: string): Refusal =>
  refusal('ServiceNotFound', `No service exists with the specified ID: ${shown(id)}.`);
export const instanceNotFound = (id: string): Refusal =>
  refusal('InstanceNotFound', `No instance exists with the specified ID: ${shown(id)}.`);
export const operationNotFound = (id: string): Refusal =>
  refusal('OperationNotFound', `No operation exists with the specified ID: ${shown(id)}.`);
export const resourceNotFound = (arn: string): Refusal =>
  refusal('ResourceNotFoundException', `The resource ${shown(arn)} was not found.`);
export const customHealthNotFound = (serviceId: string): Refusal =>
  refusal('CustomHealthNotFound', `The service ${serviceId} has no custom health check.`);
export const resourceInUse = (message: string): Refusal => refusal('ResourceInUse', message);
export const limitExceeded = (message: string): Refusal => refusal('ResourceLimitExceeded', message);
export const requestLimitExceeded = (operation: string): Refusal =>
  refusal(
    'RequestLimitExceeded',
    `The rate of ${operation} requests of this account is exceeded: try again later.`,
  );
export const attributesLimitExceeded = (message: string): Refusal =>
  refusal('ServiceAttributesLimitExceededException', message);
export const tooManyTags = (resource: string): Refusal =>
  refusal('TooManyTagsException', 'The maximum number of tags of a resource is 50.', {
    ResourceName: resource,
  });
export const duplicateRequest = (operationId: string): Refusal =>
  refusal('DuplicateRequest', 'Another operation of that kind is already in progress.', {
    DuplicateOperationId: operationId,
  });
export const namespaceAlreadyExists = (id: string, creatorRequestId: string): Refusal =>
  refusal('NamespaceAlreadyExists', 'Namespace already exists.', {
    NamespaceId: id,
    CreatorRequestId: creatorRequestId,
  });
export const serviceAlreadyExists = (id: string, arn: string, creatorRequestId: string): Refusal =>
  refusal('ServiceAlreadyExists', 'Service already exists.', {
    ServiceId: id,
    ServiceArn: arn,
    CreatorRequestId: creatorRequestId,
  });
/** What a request asks for and isn't built: refused before anything changes. */
export const unsupported = (what: string): Refusal =>
  invalidInput(`${what} not supported by this version of Catamaran yet.`);

const shown = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}...` : text);
