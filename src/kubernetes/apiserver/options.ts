import { isJsonObject, type JsonObject } from '../objects/object.ts';
import type { PropagationPolicy } from '../objects/propagation.ts';
import { isTrue } from './request-info.ts';
import {
  ApiError,
  badRequest,
  type FieldError,
  forbiddenField,
  invalid,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from './status.ts';
import type { FieldValidation } from './strict-decoding.ts';

/** What creating, updating and patching may be told. */
export interface WriteOptions {
  readonly isDryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** Who owns what is written, in `metadata.managedFields`. */
  readonly fieldManager: string;
}

const validations = ['', 'Ignore', 'Strict', 'Warn'];

/**
 * @param userAgent Names the writer who does not name himself.
 * @param isApply Whoever applies names himself, and may take what others own (`force`).
 * @throws {ApiError} 422
 */
export function readWriteOptions(
  query: URLSearchParams,
  kind: string,
  userAgent = '',
  isApply = false,
): WriteOptions {
  const fieldManager = query.get('fieldManager') ?? '';
  const errors = managerErrors(fieldManager, isApply, query.has('force'));
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', errors);
  const fieldValidation = query.get('fieldValidation') ?? '';
  if (!validations.includes(fieldValidation)) {
    throw invalid({ group: 'meta.k8s.io', kind }, '', [
      notSupported('fieldValidation', fieldValidation, validations),
    ]);
  }
  return {
    isDryRun: readDryRun(query.getAll('dryRun'), kind),
    fieldValidation: fieldValidation === '' ? 'Warn' : (fieldValidation as FieldValidation),
    fieldManager: fieldManager === '' ? managerOf(userAgent) : fieldManager,
  };
}

const maxManagerBytes = 128;

function managerErrors(manager: string, isApply: boolean, isForced: boolean): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (isApply && manager === '') errors.push(required('fieldManager', 'is required for apply patch'));
  if (!isApply && isForced) errors.push(forbiddenField('force', 'may not be specified for non-apply patch'));
  if (Buffer.byteLength(manager) > maxManagerBytes) errors.push(tooLong('fieldManager', maxManagerBytes));
  if (unprintable.test(manager))
    errors.push(invalidValue('fieldManager', manager, 'should only contain printable characters'));
  return errors;
}

const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

/** `kubectl/v1.35.0 (linux/amd64) ...` is kubectl. */
function managerOf(userAgent: string): string {
  const [program = ''] = userAgent.split('/', 1);
  return [...program]
    .filter((character) => !unprintable.test(character))
    .join('')
    .slice(0, maxManagerBytes);
}

/** Options as an object of the API. @param kind E.g. `CreateOptions`. */
export const optionsGiven = (
  kind: string,
  { isDryRun, fieldManager, fieldValidation }: WriteOptions,
): JsonObject => ({
  ...{ kind, apiVersion: 'meta.k8s.io/v1' },
  ...(isDryRun && { dryRun: ['All'] }),
  ...(fieldManager !== '' && { fieldManager }),
  fieldValidation,
});

/** As `optionsGiven`. */
export const deleteOptionsGiven = (options: DeleteOptions): JsonObject => {
  const { isDryRun, gracePeriodSeconds, propagationPolicy, uid, resourceVersion } = options;
  const hasPreconditions = uid !== undefined || resourceVersion !== undefined;
  return {
    ...{ kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1' },
    ...(isDryRun && { dryRun: ['All'] }),
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    ...(propagationPolicy !== undefined && { propagationPolicy }),
    ...(hasPreconditions && {
      preconditions: {
        ...(uid !== undefined && { uid }),
        ...(resourceVersion !== undefined && { resourceVersion }),
      },
    }),
  };
};

function readDryRun(given: readonly string[], kind: string): boolean {
  const wrong = given.find((value) => value !== 'All' && value !== '');
  if (wrong !== undefined)
    throw invalid({ group: 'meta.k8s.io', kind }, '', [notSupported('dryRun', wrong, ['All'])]);
  return given.includes('All');
}

export interface DeleteOptions {
  readonly isDryRun: boolean;
  readonly gracePeriodSeconds: number | undefined;
  readonly propagationPolicy: PropagationPolicy | undefined;
  /** The old way to say it was used, to say no: the answer is then that it was begun. */
  readonly isOrphaningDenied: boolean;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

/** Of the query, and of the body, which goes first. @throws {ApiError} 400, 422 */
export function readDeleteOptions(query: URLSearchParams, body: JsonObject): DeleteOptions {
  const grace = body.gracePeriodSeconds ?? query.get('gracePeriodSeconds') ?? undefined;
  const seconds = grace === undefined ? undefined : Number(grace);
  if (seconds !== undefined && !(Number.isInteger(seconds) && seconds >= 0))
    throw badRequest(`gracePeriodSeconds has to be a number of seconds, not ${JSON.stringify(grace)}`);
  const orphans = body.orphanDependents ?? query.get('orphanDependents') ?? undefined;
  const policy = body.propagationPolicy ?? query.get('propagationPolicy') ?? undefined;
  if (orphans !== undefined && policy !== undefined)
    throw badRequest('orphanDependents and deletionPropagation cannot be both set');
  const propagationPolicy =
    policy ?? (orphans === undefined ? undefined : isTrue(String(orphans)) ? 'Orphan' : 'Background');
  if (
    propagationPolicy !== undefined &&
    !['Background', 'Foreground', 'Orphan'].includes(String(propagationPolicy))
  ) {
    throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [
      notSupported('propagationPolicy', String(propagationPolicy), [
        'Foreground',
        'Background',
        'Orphan',
        'nil',
      ]),
    ]);
  }
  const preconditions = isJsonObject(body.preconditions) ? body.preconditions : {};
  const dryRun = Array.isArray(body.dryRun) ? body.dryRun.map(String) : query.getAll('dryRun');
  return {
    isDryRun: readDryRun(dryRun, 'DeleteOptions'),
    gracePeriodSeconds: seconds,
    propagationPolicy: propagationPolicy as PropagationPolicy | undefined,
    isOrphaningDenied: orphans !== undefined && !isTrue(String(orphans)),
    uid: typeof preconditions.uid === 'string' ? preconditions.uid : undefined,
    resourceVersion:
      typeof preconditions.resourceVersion === 'string' ? preconditions.resourceVersion : undefined,
  };
}

export interface ListOptions {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  /** Undefined: the most recent state. */
  readonly resourceVersion: number | undefined;
  readonly resourceVersionMatch: string;
  readonly limit: number;
  readonly continueToken: string;
  readonly allowWatchBookmarks: boolean;
  readonly timeoutSeconds: number | undefined;
  readonly sendInitialEvents: boolean | undefined;
}

/** @throws {ApiError} 400, 422 */
export function readListOptions(query: URLSearchParams, isWatch: boolean): ListOptions {
  const text = (name: string): string => query.get(name) ?? '';
  const options: ListOptions = {
    labelSelector: text('labelSelector'),
    fieldSelector: text('fieldSelector'),
    resourceVersion: readVersion(text('resourceVersion')),
    resourceVersionMatch: text('resourceVersionMatch'),
    limit: readNumber('limit', text('limit')) ?? 0,
    continueToken: text('continue'),
    allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
    timeoutSeconds: readNumber('timeoutSeconds', text('timeoutSeconds')),
    sendInitialEvents: query.has('sendInitialEvents') ? isTrue(query.get('sendInitialEvents')) : undefined,
  };
  const wrong = isWatch ? wrongForWatch(options) : wrongForList(options, text('resourceVersion'));
  if (wrong === undefined) return options;
  const [field, why] = wrong;
  throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
    { reason: 'FieldValueForbidden', field, text: `Forbidden: ${why}` },
  ]);
}

type Wrong = readonly [field: string, why: string] | undefined;

function wrongForWatch({ resourceVersionMatch: match, sendInitialEvents }: ListOptions): Wrong {
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    return [
      'resourceVersionMatch',
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    ];
  }
  if (sendInitialEvents === undefined && match !== '') {
    return [
      'resourceVersionMatch',
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    ];
  }
  return undefined;
}

function wrongForList(options: ListOptions, version: string): Wrong {
  const { resourceVersionMatch: match, sendInitialEvents, continueToken } = options;
  if (sendInitialEvents !== undefined)
    return ['sendInitialEvents', 'sendInitialEvents is forbidden for list'];
  if (match === '') return undefined;
  if (continueToken !== '')
    return ['resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'];
  if (version === '')
    return ['resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'];
  if (match === 'Exact' && version === '0')
    return ['resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'];
  return undefined;
}

function readVersion(text: string): number | undefined {
  if (text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new ApiError(
    400,
    'BadRequest',
    `Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}

function readNumber(name: string, text: string): number | undefined {
  if (text === '') return undefined;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw badRequest(`${name} has to be a number, not ${JSON.stringify(text)}`);
}
