import type { Policy, PolicyVersion as VersionView } from '@aws-sdk/client-iam';
import type { Reader } from '../../../reconcile/index.ts';
import { parseEntityArn } from '../arn.ts';
import { encodedDocument } from '../input/documents.ts';
import { tagList } from '../input/tags.ts';
import type { PolicyRecord, PolicyVersion } from '../records.ts';
import { policyArn } from './policy-lookup.ts';
import { type PolicyOf, policyUses } from './policy-uses.ts';

/** As GetPolicy shows it. */
export function policyView(reader: Reader, accountId: string, arn: string, policy: PolicyRecord): Policy {
  const owner = parseEntityArn(arn)?.accountId ?? accountId;
  const { description, tags } = policy;
  return {
    ...policySummary(reader, accountId, { owner, policy }),
    ...(description !== undefined && { Description: description }),
    Tags: tagList(tags),
  };
}

/** As lists show it: without description and tags. */
export function policySummary(reader: Reader, accountId: string, of: PolicyOf): Policy {
  const { policyName, path, id, defaultVersionId, createdAt, updatedAt } = of.policy;
  const { attachmentCount, boundaryCount } = policyUses(reader, accountId, of);
  return {
    PolicyName: policyName,
    PolicyId: id,
    Arn: policyArn(of.owner, of.policy),
    Path: path,
    DefaultVersionId: defaultVersionId,
    AttachmentCount: attachmentCount,
    PermissionsBoundaryUsageCount: boundaryCount,
    IsAttachable: true,
    CreateDate: new Date(createdAt),
    UpdateDate: new Date(updatedAt),
  };
}

/** As lists show it: without the document. */
export function versionSummary(policy: PolicyRecord, { id, createdAt }: PolicyVersion): VersionView {
  return {
    VersionId: id,
    IsDefaultVersion: id === policy.defaultVersionId,
    CreateDate: new Date(createdAt),
  };
}

export function versionView(policy: PolicyRecord, version: PolicyVersion): VersionView {
  return { Document: encodedDocument(version.document), ...versionSummary(policy, version) };
}
