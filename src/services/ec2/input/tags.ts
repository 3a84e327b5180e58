import type { Tag, TagSpecification } from '@aws-sdk/client-ec2';
import { ec2Refusal, invalidParameterValue, missingParameter, shown } from '../errors.ts';
import type { ResourceType } from '../kinds.ts';
import type { Tags } from '../records.ts';

export type TagsInput = readonly Tag[] | undefined;
export type TagSpecificationsInput = readonly TagSpecification[] | undefined;

const maxTags = 50;
const maxKeyLength = 127;
const maxValueLength = 256;

/** Tags by key, unchecked: what a request that may yet be refused brings. A tag without a value has an empty one. */
export function tagRecord(tags: TagsInput = []): Tags {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

/** The tags that a request brings for a resource it makes, unchecked. */
export function specifiedTags(specifications: TagSpecificationsInput = [], type: ResourceType): Tags {
  return tagRecord(
    specifications.flatMap(({ ResourceType, Tags = [] }) => (ResourceType === type ? Tags : [])),
  );
}

/** @throws InvalidParameterValue, MissingParameter */
export function readTags(tags: TagsInput = []): Tags {
  for (const [index, { Key, Value = '' }] of tags.entries()) {
    if (Key === undefined) throw missingParameter(`Tag.${index + 1}.Key`);
    if (Key === '') throw invalidParameterValue('Tag key cannot be empty');
    checkNotReserved(Key);
    if (Key.length > maxKeyLength)
      throw invalidParameterValue(`Tag key exceeds the maximum length of ${maxKeyLength} characters`);
    if (Value.length > maxValueLength)
      throw invalidParameterValue(`Tag value exceeds the maximum length of ${maxValueLength} characters`);
  }
  const keys = tags.map(({ Key = '' }) => Key);
  const twice = keys.find((key, place) => keys.indexOf(key) < place);
  if (twice !== undefined) throw invalidParameterValue(`Duplicate tag key '${twice}' specified.`);
  return tagRecord(tags);
}

/** @throws InvalidParameterValue */
export function checkNotReserved(key: string): void {
  if (/^aws:/i.test(key))
    throw invalidParameterValue("Tag keys starting with 'aws:' are reserved for internal use");
}

/** @throws TagLimitExceeded Those of AWS's services don't count. */
export function checkTagCount(tags: Tags): Tags {
  if (Object.keys(tags).filter((key) => !key.startsWith('aws:')).length > maxTags) {
    throw ec2Refusal('TagLimitExceeded', 'The maximum number of Tags for a resource has been reached.');
  }
  return tags;
}

/**
 * The tags of what an operation makes, which is of one type.
 * @throws InvalidParameterValue, MissingParameter, TagLimitExceeded
 */
export function readTagSpecifications(specifications: TagSpecificationsInput = [], type: ResourceType): Tags {
  for (const [index, { ResourceType: named }] of specifications.entries()) {
    if (named === undefined) throw missingParameter(`TagSpecification.${index + 1}.ResourceType`);
    if (named !== type)
      throw invalidParameterValue(
        `'${shown(named)}' is not a valid taggable resource type for this operation.`,
      );
  }
  return checkTagCount(readTags(specifications.flatMap(({ Tags = [] }) => Tags)));
}

/** As answers carry them. */
export function tagList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
