import type { ConditionKeys } from '../service.ts';
import type { GivenTag } from './input/tags.ts';
import type { Tags } from './records.ts';

/** The tags of what a request acts on: under IAM's own key and the global one. */
export function resourceTagKeys(tags: Tags = {}): ConditionKeys {
  const keys: Record<string, string> = {};
  for (const [name, value] of Object.entries(tags)) {
    keys[`iam:ResourceTag/${name}`] = value;
    keys[`aws:ResourceTag/${name}`] = value;
  }
  return keys;
}

/** The tags that a request brings. Without any there are no keys. */
export function requestTagKeys(tags: readonly GivenTag[] | undefined): ConditionKeys {
  const keys: Record<string, string | string[]> = {};
  for (const { Key = '', Value = '' } of tags ?? []) keys[`aws:RequestTag/${Key}`] = Value;
  return { ...keys, ...tagKeys(tags?.map(({ Key = '' }) => Key)) };
}

/** The keys of tags that a request names without values. */
function tagKeys(names: readonly string[] | undefined): ConditionKeys {
  return names?.length ? { 'aws:TagKeys': names } : {};
}
