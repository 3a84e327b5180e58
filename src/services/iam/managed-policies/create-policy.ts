import type { CreatePolicyCommandInput, CreatePolicyResponse } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { entityAlreadyExists, quotaExceeded } from '../errors.ts';
import { entityId } from '../ids.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName, checkPolicyPath } from '../input/names.ts';
import { checkTags, tagList, withTags } from '../input/tags.ts';
import { entityKey, type PolicyRecord, policies, prefixOf } from '../records.ts';
import { wholeSecond } from '../whole-seconds.ts';
import { checkedDocument } from './policy-document.ts';
import { policySummary } from './policy-view.ts';

/** IAM user guide, "IAM and AWS STS quotas". */
const maxPolicies = 1500;

/** @throws {Refusal} EntityAlreadyExists, LimitExceeded, MalformedPolicyDocument, InvalidInput (tags), ValidationError. */
export async function createPolicy(
  { state, random }: IamContext,
  { PolicyName, Path = '/', PolicyDocument, Description, Tags }: CreatePolicyCommandInput,
  { accountId, now }: Call,
): Promise<CreatePolicyResponse> {
  const constraints = checkName(new Constraints(), 'policyName', 'policy', PolicyName);
  checkPolicyPath(constraints, 'path', Path).text('description', Description, { maxLength: 1000 });
  const document = checkedDocument(checkTags(constraints, Tags), PolicyDocument);
  const policyName = PolicyName ?? '';
  const createdAt = wholeSecond(now);
  const key = entityKey(policies, accountId, policyName);
  const policy = await state.transact((tx) => {
    if (tx.get(policies, key) !== undefined) {
      throw entityAlreadyExists(
        `A policy called ${policyName} already exists. Duplicate names are not allowed.`,
      );
    }
    if ([...tx.list(policies, prefixOf(policies, accountId))].length >= maxPolicies) {
      throw quotaExceeded('PoliciesPerAccount', maxPolicies);
    }
    const record: PolicyRecord = {
      ...{ policyName, path: Path, id: entityId(random, 'ANPA') },
      ...(Description !== undefined && { description: Description }),
      ...{ createdAt, updatedAt: createdAt, tags: withTags({}, Tags) },
      ...{ defaultVersionId: 'v1', nextVersion: 2, attachmentCount: 0, boundaryCount: 0 },
      versions: [{ id: 'v1', document, createdAt }],
    };
    tx.put(policies, key, record);
    return record;
  });
  return {
    Policy: {
      ...policySummary(state, accountId, { owner: accountId, policy }),
      ...(Tags?.length && { Tags: tagList(policy.tags) }),
    },
  };
}
