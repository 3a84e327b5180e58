import { notAcceptable } from './status.ts';

/** How an answer is written. */
export interface Accepted {
  /** Absent: as the object itself. */
  readonly as?: 'APIGroupDiscoveryList' | 'PartialObjectMetadata' | 'PartialObjectMetadataList' | 'Table';
}

const json = 'application/json';
const acceptedTypes: readonly string[] = [json];
export const bodyTypes: readonly string[] = [json, 'application/vnd.kubernetes.protobuf'];

/**
 * The first clause of an Accept header that can be answered: JSON, as it is or as one of its other forms. Clients that would
 * rather have protobuf decode by what the answer says it is.
 * @param forms Those that the asked-for path has besides.
 * @throws {ApiError} 406
 */
export function negotiate(
  accept: string | undefined,
  forms: readonly NonNullable<Accepted['as']>[],
): Accepted {
  if (accept === undefined || accept.trim() === '') return {};
  for (const clause of accept.split(',')) {
    const [type = '', ...parameters] = clause.split(';').map((part) => part.trim());
    if (type !== json && type !== '*/*' && type !== 'application/*') continue;
    const given = new Map(parameters.map((parameter) => parameter.split('=', 2) as [string, string]));
    const as = given.get('as');
    if (as === undefined) return {};
    const form = forms.find((known) => known === as);
    if (form !== undefined && isKnownVersion(form, given)) return { as: form };
  }
  throw notAcceptable(acceptedTypes);
}

function isKnownVersion(form: string, given: ReadonlyMap<string, string>): boolean {
  const [group, versions] =
    form === 'APIGroupDiscoveryList' ? ['apidiscovery.k8s.io', ['v2']] : ['meta.k8s.io', ['v1']];
  return given.get('g') === group && versions.includes(given.get('v') ?? '');
}
