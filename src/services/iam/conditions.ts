import type { Collection, Reader } from '../../reconcile/index.ts';
import type { AskedAction, ConditionKeys } from '../service.ts';
import { parseEntityArn } from './arn.ts';
import type { GivenTag } from './input/tags.ts';
import { entityKey, instanceProfiles, policies, roles, type Tags, users } from './records.ts';

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
export function tagKeys(names: readonly string[] | undefined): ConditionKeys {
  return names?.length ? { 'aws:TagKeys': names } : {};
}

/** Who makes something with tags must be allowed to tag it, too. */
export function alsoTags(
  action: string,
  resources: readonly string[],
  tags: readonly GivenTag[] | undefined,
): readonly AskedAction[] {
  if (!tags?.length) return [];
  return resources.map((resource) => ({ action, resource, conditions: requestTagKeys(tags) }));
}

/** `resourceTagKeys` of the entity that an ARN names. Groups have no tags. */
export function entityTagKeys(reader: Reader, arn: string): ConditionKeys {
  return resourceTagKeys(entityAt(reader, arn)?.tags);
}

/** The permissions boundary that the user or role that an ARN names has. */
export function entityBoundaryKey(reader: Reader, arn: string): ConditionKeys {
  return { 'iam:PermissionsBoundary': entityAt(reader, arn)?.permissionsBoundary };
}

interface Conditional {
  readonly path: string;
  readonly tags?: Tags;
  readonly permissionsBoundary?: string;
}

const conditional = {
  user: users,
  group: undefined,
  role: roles,
  policy: policies,
  'instance-profile': instanceProfiles,
} as const;

function entityAt(reader: Reader, arn: string): Conditional | undefined {
  const named = parseEntityArn(arn);
  const collection = named && conditional[named.type];
  if (named === undefined || collection === undefined || named.accountId === 'aws') return undefined;
  const key = entityKey(collection, named.accountId, named.name);
  const found = reader.get<Conditional>(collection as Collection<Conditional, string>, key);
  return found?.path === named.path ? found : undefined;
}
