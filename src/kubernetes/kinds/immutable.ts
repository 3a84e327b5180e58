import { jsonEqual } from '../../store/index.ts';
import { type FieldError, invalidValue } from '../apiserver/status.ts';
import { type KubernetesObject, valueAt } from '../objects/object.ts';

/** What is wrong with a change of fields that stay as they were made. @param paths E.g. `spec.claimRef`. */
export function immutableErrors(
  object: KubernetesObject,
  before: KubernetesObject | undefined,
  paths: readonly string[],
  words = 'field is immutable',
): readonly FieldError[] {
  if (before === undefined) return [];
  return paths
    .filter((path) => !jsonEqual(valueAt(object, path), valueAt(before, path)))
    .map((path) => invalidValue(path, valueAt(object, path), words));
}
