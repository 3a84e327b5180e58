import { type FieldError, forbiddenField, invalidValue, tooLong } from '../apiserver/status.ts';
import type { KubernetesObject } from '../objects/object.ts';
import type { NameForm } from './kind.ts';

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = String.raw`${label}(\.${label})*`;

interface Form {
  readonly pattern: RegExp;
  readonly maxLength: number;
  readonly words: string;
}

const forms: Readonly<Record<Exclude<NameForm, 'path-segment'>, Form>> = {
  'dns-label': {
    ...{ pattern: new RegExp(`^${label}$`), maxLength: 63 },
    words: `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`,
  },
  'dns-label-1035': {
    ...{ pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/, maxLength: 63 },
    words: `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
  },
  'dns-subdomain': {
    ...{ pattern: new RegExp(`^${subdomain}$`), maxLength: 253 },
    words: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`,
  },
};

const maxAnnotationBytes = 256 * 1024;

/** What is wrong with the metadata of an object of any kind. */
export function metadataErrors(
  { metadata }: KubernetesObject,
  before: KubernetesObject | undefined,
  names: NameForm,
): readonly FieldError[] {
  const { name, labels = {}, annotations = {}, finalizers = [] } = metadata;
  const errors: FieldError[] = before === undefined ? [...nameErrors(name, names)] : [];
  for (const [key, value] of Object.entries(labels)) {
    if (!isQualifiedName(key)) errors.push(invalidValue('metadata.labels', key, qualifiedNameWords));
    if (!/^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(value) || value.length > 63)
      errors.push(invalidValue('metadata.labels', value, labelValueWords));
  }
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    if (!isQualifiedName(key.toLowerCase()))
      errors.push(invalidValue('metadata.annotations', key, qualifiedNameWords));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > maxAnnotationBytes) errors.push(tooLong('metadata.annotations', maxAnnotationBytes));
  if (before?.metadata.deletionTimestamp !== undefined) {
    const added = finalizers.filter((it) => !before.metadata.finalizers?.includes(it));
    if (added.length > 0) {
      errors.push(
        forbiddenField(
          'metadata.finalizers',
          `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`,
        ),
      );
    }
  }
  return errors;
}

function nameErrors(name: string, names: NameForm): readonly FieldError[] {
  if (names === 'path-segment') {
    const bad =
      name === '.' || name === '..'
        ? `may not be '${name}'`
        : /[/%]/.test(name)
          ? "may not contain '/' or '%'"
          : undefined;
    return bad === undefined ? [] : [invalidValue('metadata.name', name, bad)];
  }
  return wordsAgainst(names, name).map((words) => invalidValue('metadata.name', name, words));
}

function wordsAgainst(form: Exclude<NameForm, 'path-segment'>, name: string): readonly string[] {
  const { pattern, maxLength, words } = forms[form];
  return [
    ...(pattern.test(name) ? [] : [words]),
    ...(name.length > maxLength ? [`must be no more than ${maxLength} bytes`] : []),
  ];
}

/** Why a name is not of a form; undefined: it is. */
export function badName(form: Exclude<NameForm, 'path-segment'>, name: string): string | undefined {
  const words = wordsAgainst(form, name);
  return words.length === 0 ? undefined : words.join(',');
}

function isQualifiedName(key: string): boolean {
  const parts = key.split('/');
  const [prefix, name = ''] = parts.length === 1 ? [undefined, parts[0]] : parts;
  if (parts.length > 2 || name.length > 63 || !/^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/.test(name))
    return false;
  return prefix === undefined || (prefix.length <= 253 && new RegExp(`^${subdomain}$`).test(prefix));
}

const qualifiedNameWords =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const labelValueWords =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
