import { isRecord } from '../../../protocols/index.ts';
import { type SessionTags, sessionTags } from '../sessions/session-tags.ts';
import type { TokenClaims } from './verify-token.ts';

const tagsClaim = 'https://aws.amazon.com/tags';
const sourceIdentityClaim = 'https://aws.amazon.com/source_identity';

/**
 * What a token says of the session that is made with it (IAM user guide, "Passing session tags using
 * AssumeRoleWithWebIdentity"). What has another shape says nothing.
 * @throws {Refusal} InvalidParameterValue.
 */
export function sessionOfToken({ payload }: TokenClaims): SessionTags & { readonly sourceIdentity?: string } {
  const tags = payload[tagsClaim];
  const given = isRecord(tags) && isRecord(tags.principal_tags) ? Object.entries(tags.principal_tags) : [];
  const transitive =
    isRecord(tags) && Array.isArray(tags.transitive_tag_keys) ? tags.transitive_tag_keys : [];
  const sourceIdentity = payload[sourceIdentityClaim];
  return {
    ...sessionTags(
      given.map(([Key, value]) => ({ Key, Value: String([value].flat()[0] ?? '') })),
      transitive.filter((key): key is string => typeof key === 'string'),
    ),
    ...(typeof sourceIdentity === 'string' && { sourceIdentity }),
  };
}
