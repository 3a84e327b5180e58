import { quotaExceeded } from '../errors.ts';
import { type Constraints, policyDocumentConstraint } from '../input/constraints.ts';
import { documentSize, readDocument } from '../input/documents.ts';

/** White space not counted (IAM user guide, "IAM and AWS STS quotas"). */
const maxBytes = 6144;

/** @throws {Refusal} ValidationError for what `constraints` have gathered, too; MalformedPolicyDocument, LimitExceeded. */
export function checkedDocument(constraints: Constraints, document = ''): string {
  constraints
    .text('policyDocument', document, { ...policyDocumentConstraint, isRequired: true })
    .throwIfViolated();
  readDocument(document, 'identity');
  if (documentSize(document) > maxBytes) throw quotaExceeded('PolicySize', maxBytes);
  return document;
}
