import { notAcceptable, unsupportedMediaType } from './status.ts';

export const jsonType = 'application/json';
export const yamlType = 'application/yaml';
export const protobufType = 'application/vnd.kubernetes.protobuf';

export type MediaType = typeof jsonType | typeof protobufType | typeof yamlType;

/** What an object is shown as, other than itself. */
export type Form = 'APIGroupDiscoveryList' | 'PartialObjectMetadata' | 'PartialObjectMetadataList' | 'Table';

/** How an answer is written. */
export interface Accepted {
  readonly type: MediaType;
  /** Absent: as the object itself. */
  readonly as?: Form;
  /** Indented. */
  readonly isPretty?: true;
}

/** In which formats something can be written: what has no message is never protobuf. */
export const writtenTypes: readonly MediaType[] = [jsonType, yamlType, protobufType];
export const messagelessTypes: readonly MediaType[] = [jsonType, yamlType];
/** YAML has no way to say where an event ends. */
export const streamedTypes: readonly MediaType[] = [jsonType, protobufType];

/**
 * The first clause of an Accept header, the most wanted first, that can be answered.
 * @param forms Those that the asked-for path has besides.
 * @param isStream Of a watch.
 * @throws {ApiError} 406
 */
export function negotiate(
  accept: string | undefined,
  forms: readonly Form[],
  types: readonly MediaType[] = writtenTypes,
  isStream = false,
): Accepted {
  if (accept === undefined || accept.trim() === '') return { type: jsonType };
  for (const { type: wanted, parameters } of clausesOf(accept)) {
    const type = types.find((known) => matches(wanted, known));
    if (type === undefined || (parameters.has('stream') && !isStream)) continue;
    const pretty = parameters.get('pretty') === '1' ? ({ isPretty: true } as const) : {};
    const as = parameters.get('as');
    if (as === undefined) return { type, ...pretty };
    const form = forms.find((known) => known === as);
    // A table is cells of any type, which protobuf does not have.
    if (form === undefined || (form === 'Table' && type === protobufType)) continue;
    if (isKnownVersion(form, parameters)) return { type, as: form, ...pretty };
  }
  throw notAcceptable(isStream ? types.map((type) => `${type};stream=watch`) : types);
}

interface Clause {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** What clients send is a handful of headers, again and again. */
const read = new Map<string, readonly Clause[]>();
const mostRead = 256;

/** As upstream: by `q`, then what says more before wildcards, then as they stand. */
function clausesOf(accept: string): readonly Clause[] {
  const known = read.get(accept);
  if (known !== undefined) return known;
  const clauses = accept
    .split(',')
    .map((clause) => {
      const [type = '', ...given] = clause.split(';').map((part) => part.trim());
      const parameters = new Map(
        given.map((parameter): [string, string] => {
          const [name = '', value = ''] = parameter.split('=', 2);
          return [name.trim(), value.trim().replaceAll('"', '')];
        }),
      );
      const q = Number(parameters.get('q') ?? 1);
      return { type, parameters, q: Number.isNaN(q) ? 1 : q, wildcards: type.split('*').length };
    })
    .toSorted((one, other) => other.q - one.q || one.wildcards - other.wildcards);
  if (read.size >= mostRead) read.clear();
  read.set(accept, clauses);
  return clauses;
}

const matches = (wanted: string, type: MediaType): boolean =>
  wanted === type || wanted === '*/*' || wanted === 'application/*';

function isKnownVersion(form: Form, given: ReadonlyMap<string, string>): boolean {
  const [group, version] =
    form === 'APIGroupDiscoveryList' ? ['apidiscovery.k8s.io', 'v2'] : ['meta.k8s.io', 'v1'];
  return given.get('g') === group && given.get('v') === version;
}

/** What a body may be; absent is JSON. @throws {ApiError} 415 */
export function readContentType(contentType: string | undefined): MediaType {
  const type = mediaTypeOf(contentType);
  if (type === '') return jsonType;
  const known = writtenTypes.find((it) => it === type);
  if (known === undefined) throw unsupportedMediaType(writtenTypes);
  return known;
}

export const mediaTypeOf = (contentType: string | undefined): string =>
  (contentType ?? jsonType).split(';')[0]?.trim() ?? '';

/** Who reads answers himself sees them indented, unless the query says otherwise. */
export function wantsPretty(query: URLSearchParams, userAgent = ''): boolean {
  const given = query.get('pretty');
  if (given !== null && given !== '') return /^(1|t|true)$/i.test(given);
  return /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent);
}
