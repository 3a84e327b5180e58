import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { noSuchEntity } from '../errors.ts';
import { findHolder, type HolderName, holderConstraints, holderName } from '../holders.ts';
import { encodedDocument } from '../input/documents.ts';
import { checkName } from '../input/names.ts';
import { inlinePolicyOf } from './inline-policy.ts';

/**
 * GetUserPolicy, GetGroupPolicy, GetRolePolicy.
 * @throws {Refusal} NoSuchEntity, ValidationError.
 */
export function getInlinePolicy(
  { state }: IamContext,
  holder: HolderName,
  { PolicyName = '' }: { readonly PolicyName: string | undefined },
  { accountId }: Call,
): { readonly holder: string; readonly PolicyName: string; readonly PolicyDocument: string } {
  checkName(holderConstraints(holder), 'policyName', 'policy', PolicyName).throwIfViolated();
  const record = findHolder(state, accountId, holder);
  const document = inlinePolicyOf(record, PolicyName);
  if (document === undefined) throw noSuchInlinePolicy(holder, PolicyName);
  return { holder: holderName(record), PolicyName, PolicyDocument: encodedDocument(document) };
}

export const noSuchInlinePolicy = ({ type }: HolderName, policyName: string) =>
  noSuchEntity(`The ${type} policy with name ${policyName} cannot be found.`);
