import type {
  CreatePolicyVersionCommandInput,
  CreatePolicyVersionResponse,
  DeletePolicyVersionCommandInput,
  GetPolicyVersionCommandInput,
  GetPolicyVersionResponse,
  ListPolicyVersionsCommandInput,
  ListPolicyVersionsResponse,
  SetDefaultPolicyVersionCommandInput,
} from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { deleteConflict, limitExceeded, noSuchEntity } from '../errors.ts';
import { Constraints } from '../input/constraints.ts';
import { checkPage, pageOf } from '../input/pages.ts';
import type { PolicyRecord, PolicyVersion } from '../records.ts';
import { wholeSecond } from '../whole-seconds.ts';
import { checkedDocument } from './policy-document.ts';
import { changePolicy, checkPolicyArn, findPolicy } from './policy-lookup.ts';
import { versionSummary, versionView } from './policy-view.ts';

/** IAM user guide, "IAM and AWS STS quotas". */
const maxVersions = 5;

/**
 * The new version decides at once where it is to be the default.
 * @throws {Refusal} NoSuchEntity, LimitExceeded, MalformedPolicyDocument, InvalidInput, AccessDenied, ValidationError.
 */
export async function createPolicyVersion(
  { state }: IamContext,
  { PolicyArn: arn = '', PolicyDocument, SetAsDefault = false }: CreatePolicyVersionCommandInput,
  call: Call,
): Promise<CreatePolicyVersionResponse> {
  const document = checkedDocument(checkPolicyArn(new Constraints(), arn), PolicyDocument);
  const createdAt = wholeSecond(call.now);
  return state.transact((tx) => {
    let answer: CreatePolicyVersionResponse = {};
    changePolicy(tx, call, { action: 'CreatePolicyVersion', arn }, (before) => {
      if (before.versions.length >= maxVersions) {
        throw limitExceeded(
          `A managed policy can have up to ${maxVersions} versions. Before you create a new version, you must delete an existing version.`,
        );
      }
      const version: PolicyVersion = { id: `v${before.nextVersion}`, document, createdAt };
      const after: PolicyRecord = {
        ...before,
        updatedAt: createdAt,
        nextVersion: before.nextVersion + 1,
        versions: [...before.versions, version],
        ...(SetAsDefault && { defaultVersionId: version.id }),
      };
      answer = { PolicyVersion: versionSummary(after, version) };
      return after;
    });
    return answer;
  });
}

/** @throws {Refusal} NoSuchEntity, InvalidInput, ValidationError. */
export function getPolicyVersion(
  { state }: IamContext,
  { PolicyArn: arn = '', VersionId = '' }: GetPolicyVersionCommandInput,
  { accountId }: Call,
): GetPolicyVersionResponse {
  checkVersion(arn, VersionId);
  const policy = findPolicy(state, accountId, arn);
  return { PolicyVersion: versionView(policy, versionOf(policy, arn, VersionId)) };
}

/**
 * The newest first.
 * @throws {Refusal} NoSuchEntity, InvalidInput, ValidationError.
 */
export function listPolicyVersions(
  { state }: IamContext,
  input: ListPolicyVersionsCommandInput,
  { accountId }: Call,
): ListPolicyVersionsResponse {
  const { PolicyArn: arn = '' } = input;
  checkPage(checkPolicyArn(new Constraints(), arn), input).throwIfViolated();
  const policy = findPolicy(state, accountId, arn);
  // As text, so that what is newer stands before.
  const ageOf = ({ id }: PolicyVersion): string =>
    String(Number.MAX_SAFE_INTEGER - Number(id.slice(1))).padStart(16, '0');
  const { items, ...place } = pageOf(policy.versions, ageOf, input);
  return { Versions: items.map((version) => versionSummary(policy, version)), ...place };
}

/** @throws {Refusal} NoSuchEntity, InvalidInput, AccessDenied, ValidationError. */
export async function setDefaultPolicyVersion(
  { state }: IamContext,
  { PolicyArn: arn = '', VersionId = '' }: SetDefaultPolicyVersionCommandInput,
  call: Call,
): Promise<object> {
  checkVersion(arn, VersionId);
  await state.transact((tx) =>
    changePolicy(tx, call, { action: 'SetDefaultPolicyVersion', arn }, (before) => ({
      ...before,
      defaultVersionId: versionOf(before, arn, VersionId).id,
    })),
  );
  return {};
}

/** @throws {Refusal} NoSuchEntity, DeleteConflict, InvalidInput, AccessDenied, ValidationError. */
export async function deletePolicyVersion(
  { state }: IamContext,
  { PolicyArn: arn = '', VersionId = '' }: DeletePolicyVersionCommandInput,
  call: Call,
): Promise<object> {
  checkVersion(arn, VersionId);
  await state.transact((tx) =>
    changePolicy(tx, call, { action: 'DeletePolicyVersion', arn }, (before) => {
      const { id } = versionOf(before, arn, VersionId);
      if (id === before.defaultVersionId) {
        throw deleteConflict('Cannot delete the default version of a policy.');
      }
      return { ...before, versions: before.versions.filter((version) => version.id !== id) };
    }),
  );
  return {};
}

function checkVersion(arn: string, versionId: string): void {
  checkPolicyArn(new Constraints(), arn)
    .text('versionId', versionId, { isRequired: true, pattern: String.raw`v[1-9][0-9]*(\.[A-Za-z0-9-]*)?` })
    .throwIfViolated();
}

function versionOf({ versions }: PolicyRecord, arn: string, versionId: string): PolicyVersion {
  const version = versions.find(({ id }) => id === versionId);
  if (version === undefined) {
    throw noSuchEntity(`Policy ${arn} version ${versionId} does not exist or is not attachable.`);
  }
  return version;
}
