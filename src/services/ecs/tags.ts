import type { Tag } from '@aws-sdk/client-ecs';
import { invalidParameter } from './errors.ts';

/**
 * The rules of tags, the same for everything that can be tagged (ECS API reference, `Tag`).
 */
export const maxTags = 50;
const maxKeyLength = 128;
const maxValueLength = 256;
const allowedCharacters = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/**
 * Checks the tags of a request and fills in values left out.
 * @returns a new list; empty when there were none.
 * @throws InvalidParameterException naming the tag and the rule.
 */
export function validateTags(tags: readonly Tag[] | undefined): Tag[] {
  if (tags === undefined) return [];
  if (tags.length > maxTags)
    throw invalidParameter(`Tags can not have more than ${maxTags} elements, but ${tags.length} were given.`);
  const keys = new Set<string>();
  return tags.map((tag) => {
    const key = tag.key ?? '';
    const value = tag.value ?? '';
    validateTagKey(key);
    if (lengthOf(value) > maxValueLength)
      throw invalidParameter(`The value of tag ${key} is longer than ${maxValueLength} characters.`);
    if (!allowedCharacters.test(value))
      throw invalidParameter(`The value of tag ${key} contains invalid characters: ${rule}`);
    if (keys.has(key)) throw invalidParameter(`Duplicate tag keys found: ${key}.`);
    keys.add(key);
    return { key, value };
  });
}

/** @throws InvalidParameterException naming the key and the rule. */
export function validateTagKey(key: string): void {
  if (key === '') throw invalidParameter('Tag keys cannot be null or empty.');
  if (lengthOf(key) > maxKeyLength)
    throw invalidParameter(`Tag key ${key.slice(0, 32)}... is longer than ${maxKeyLength} characters.`);
  if (isReservedTagKey(key))
    throw invalidParameter(`Tag key ${key} starts with the prefix aws:, which is reserved for AWS use.`);
  if (!allowedCharacters.test(key))
    throw invalidParameter(`Tag key ${key} contains invalid characters: ${rule}`);
}

/** Tags that the system sets itself (`aws:ecs:clusterName`). They don't count towards the limit. */
export function isReservedTagKey(key: string): boolean {
  return /^aws:/i.test(key);
}

/** `existing` with `added` over it, as TagResource does: same keys get the new value, others stay. */
export function mergeTags(existing: readonly Tag[], added: readonly Tag[]): Tag[] {
  const merged = new Map(existing.map((tag) => [tag.key, tag]));
  for (const tag of added) merged.set(tag.key, tag);
  return [...merged.values()];
}

const rule = 'allowed are letters, digits, spaces and _ . : / = + - @.';
/** Unicode characters, not UTF-16 units. */
const lengthOf = (text: string): number => [...text].length;
