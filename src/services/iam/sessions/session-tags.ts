import type { Session } from '../../service.ts';
import type { Tags } from '../records.ts';
import { invalidParameterValue } from './errors.ts';

/** Session tags with the keys of those that the sessions made from this one inherit. */
export interface SessionTags {
  readonly tags: Tags;
  readonly transitiveTagKeys: readonly string[];
}

export interface GivenTag {
  readonly Key: string | undefined;
  readonly Value: string | undefined;
}

const maxTags = 50;

/**
 * The tags of a session that is made: those given, and those that the caller's session hands on, which nobody can
 * change (IAM user guide, "Pass session tags in AWS STS"). Keys are one key ignoring case.
 * @param from The caller's session, if it has one.
 * @throws {Refusal} InvalidParameterValue.
 */
export function sessionTags(
  given: readonly GivenTag[] = [],
  transitiveTagKeys: readonly string[] = [],
  from?: Session,
): SessionTags {
  const named: [key: string, value: string][] = [];
  const keys = new Set<string>();
  for (const { Key = '', Value = '' } of given) {
    const folded = Key.toLowerCase();
    if (folded.startsWith('aws:')) {
      throw invalidParameterValue("Tag keys starting with 'aws:' are reserved for system use.");
    }
    if (keys.has(folded)) {
      throw invalidParameterValue(
        'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
      );
    }
    keys.add(folded);
    named.push([Key, Value]);
  }
  if (!transitiveTagKeys.every((key) => keys.has(key.toLowerCase()))) {
    throw invalidParameterValue('The specified transitive tag key must be included in the requested tags.');
  }
  const inherited = inheritedTags(from);
  if (Object.keys(inherited).some((key) => keys.has(key.toLowerCase()))) {
    throw invalidParameterValue(
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    );
  }
  const all = { ...inherited, ...Object.fromEntries(named) };
  if (Object.keys(all).length > maxTags) {
    throw invalidParameterValue(
      `A session has at most ${maxTags} tags, those of the calling session included.`,
    );
  }
  return { tags: all, transitiveTagKeys: [...Object.keys(inherited), ...transitiveTagKeys] };
}

function inheritedTags({ tags = {}, transitiveTagKeys = [] }: Partial<Session> = {}): Tags {
  const transitive = new Set(transitiveTagKeys.map((key) => key.toLowerCase()));
  return Object.fromEntries(Object.entries(tags).filter(([key]) => transitive.has(key.toLowerCase())));
}

/** `aws:RequestTag/…`, `aws:TagKeys` and `sts:TransitiveTagKeys`, of the tags that the session will have. */
export function sessionTagKeys({
  tags,
  transitiveTagKeys,
}: SessionTags): Readonly<Record<string, string | readonly string[]>> {
  return {
    ...Object.fromEntries(Object.entries(tags).map(([name, value]) => [`aws:RequestTag/${name}`, value])),
    'aws:TagKeys': Object.keys(tags),
    'sts:TransitiveTagKeys': transitiveTagKeys,
  };
}
