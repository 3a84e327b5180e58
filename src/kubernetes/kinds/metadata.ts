import { type FieldError, forbiddenField, invalidValue, tooLong } from '../apiserver/status.ts';
import type { KubernetesObject } from '../objects/object.ts';
import { namePatterns, wordsAgainst, wordsAgainstLabelKey } from '../validation/name-forms.ts';
import type { NameForm } from './kind.ts';
import { ownerErrors } from './owner-references.ts';

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
    for (const words of wordsAgainstLabelKey(key)) errors.push(invalidValue('metadata.labels', key, words));
    for (const words of wordsAgainst(namePatterns['label-value'], value))
      errors.push(invalidValue('metadata.labels', value, words));
  }
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    for (const words of wordsAgainstLabelKey(key.toLowerCase()))
      errors.push(invalidValue('metadata.annotations', key, words));
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
  return [...errors, ...ownerErrors(metadata)];
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
  return wordsAgainst(namePatterns[names], name).map((words) => invalidValue('metadata.name', name, words));
}

/** Why a name is not of a form; undefined: it is. */
export function badName(form: Exclude<NameForm, 'path-segment'>, name: string): string | undefined {
  const words = wordsAgainst(namePatterns[form], name);
  return words.length === 0 ? undefined : words.join(',');
}
