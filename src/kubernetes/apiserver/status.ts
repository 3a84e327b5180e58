import type { Json } from '../../store/index.ts';
import { qualifiedName, type Resource } from '../schema/catalogue.ts';

/** A refusal in Kubernetes' words: what is thrown, and the one thing that becomes a `Status`. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly Cause[];
  readonly retryAfterSeconds?: number;
}

export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

type Named = Pick<Resource, 'group' | 'name'>;

export const notFound = (resource: Named, name: string): ApiError =>
  new ApiError(404, 'NotFound', `${qualifiedName(resource)} "${name}" not found`, detailsOf(resource, name));

export const alreadyExists = (resource: Named, name: string, more = ''): ApiError =>
  new ApiError(
    409,
    'AlreadyExists',
    `${qualifiedName(resource)} "${name}" already exists${more}`,
    detailsOf(resource, name),
  );

export const conflict = (resource: Named, name: string, why = wasModified): ApiError =>
  new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualifiedName(resource)} "${name}": ${why}`,
    detailsOf(resource, name),
  );

const wasModified =
  'the object has been modified; please apply your changes to the latest version and try again';

export const badRequest = (message: string): ApiError => new ApiError(400, 'BadRequest', message);

export const unauthorized = (): ApiError => new ApiError(401, 'Unauthorized', 'Unauthorized');

export const methodNotAllowed = (): ApiError =>
  new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');

/** A path that leads nowhere. */
export const noSuchPath = (): ApiError =>
  new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});

export const notAcceptable = (types: readonly string[]): ApiError =>
  new ApiError(406, 'NotAcceptable', `only the following media types are accepted: ${types.join(', ')}`);

export const unsupportedMediaType = (types: readonly string[]): ApiError =>
  new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${types.join(', ')}`,
  );

export const tooLarge = (message: string): ApiError =>
  new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`);

export const expired = (message: string): ApiError => new ApiError(410, 'Expired', message);

export const internalError = (): ApiError =>
  new ApiError(500, 'InternalError', 'Internal error occurred: the log of the server says which');

export function forbidden(resource: Named, name: string, why: string, causes?: readonly Cause[]): ApiError {
  const subject = name === '' ? qualifiedName(resource) : `${qualifiedName(resource)} "${name}"`;
  return new ApiError(403, 'Forbidden', `${subject} is forbidden: ${why}`, {
    ...detailsOf(resource, name),
    ...(causes && { causes }),
  });
}

/** Something that is wrong with a field; its words are those of the API's field errors. */
export interface FieldError {
  readonly reason:
    | 'FieldValueDuplicate'
    | 'FieldValueForbidden'
    | 'FieldValueInvalid'
    | 'FieldValueNotFound'
    | 'FieldValueNotSupported'
    | 'FieldValueRequired'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueTypeInvalid';
  readonly field: string;
  /** After the path, e.g. `Required value`. */
  readonly text: string;
}

export const required = (field: string, detail?: string): FieldError => ({
  ...{ reason: 'FieldValueRequired', field },
  text: detail === undefined ? 'Required value' : `Required value: ${detail}`,
});

export const invalidValue = (field: string, value: Json | undefined, detail: string): FieldError => ({
  ...{ reason: 'FieldValueInvalid', field },
  text: `Invalid value: ${JSON.stringify(value ?? null)}: ${detail}`,
});

export const forbiddenField = (field: string, detail: string): FieldError => ({
  ...{ reason: 'FieldValueForbidden', field },
  text: `Forbidden: ${detail}`,
});

export const duplicate = (field: string, value: Json): FieldError => ({
  ...{ reason: 'FieldValueDuplicate', field },
  text: `Duplicate value: ${JSON.stringify(value)}`,
});

export const notFoundValue = (field: string, value: Json): FieldError => ({
  ...{ reason: 'FieldValueNotFound', field },
  text: `Not found: ${JSON.stringify(value)}`,
});

export const notSupported = (field: string, value: string, supported: readonly string[]): FieldError => ({
  ...{ reason: 'FieldValueNotSupported', field },
  text: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported.map((it) => JSON.stringify(it)).join(', ')}`,
});

export const tooLong = (field: string, bytes: number): FieldError => ({
  ...{ reason: 'FieldValueTooLong', field },
  text: `Too long: may not be more than ${bytes} bytes`,
});

/** @param kind With its group; empty: it is not told. */
export function invalid(
  { group, kind }: { readonly group: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): ApiError {
  const texts = errors.map(({ field, text }) => `${field}: ${text}`);
  const told = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const qualified = group === '' ? kind : `${kind}.${group}`;
  return new ApiError(422, 'Invalid', `${qualified} "${name}" is invalid: ${told}`, {
    ...(name !== '' && { name }),
    ...(group !== '' && { group }),
    ...(kind !== '' && { kind }),
    causes: errors.map(({ reason, field, text }) => ({ reason, message: text, field })),
  });
}

/** As it is answered. */
export function statusOf({ code, reason, message, details }: ApiError): Json {
  return {
    ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason },
    ...(details && { details: details as unknown as Json }),
    code,
  };
}

function detailsOf({ group, name: kind }: Named, name: string): StatusDetails {
  return { ...(name !== '' && { name }), ...(group !== '' && { group }), kind };
}
