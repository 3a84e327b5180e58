import { limitExceeded } from './errors.ts';
import { type Constraints, policyDocumentConstraint } from './input/constraints.ts';
import { documentSize, readDocument } from './input/documents.ts';
import { checkName } from './input/names.ts';
import type { PolicyHolder } from './records.ts';

export interface InlinePolicy {
  readonly name: string;
  readonly document: string;
}

/** All inline policies of one holder together, white space not counted (IAM user guide, "IAM and AWS STS quotas"). */
const maxBytes = { user: 2048, group: 5120, role: 10240 } as const;

/** @throws {Refusal} ValidationError for what `constraints` have gathered, too; MalformedPolicyDocument. */
export function checkInlinePolicy(
  constraints: Constraints,
  name: string | undefined,
  document: string | undefined,
): InlinePolicy {
  checkName(constraints, 'policyName', 'policy', name)
    .text('policyDocument', document, { ...policyDocumentConstraint, isRequired: true })
    .throwIfViolated();
  const given = { name: name ?? '', document: document ?? '' };
  readDocument(given.document, 'identity');
  return given;
}

/** @throws {Refusal} LimitExceeded. */
export function withInlinePolicy(
  { inlinePolicies }: PolicyHolder,
  { name, document }: InlinePolicy,
  type: keyof typeof maxBytes,
  holder: string,
): PolicyHolder['inlinePolicies'] {
  const after = { ...inlinePolicies, [name]: document };
  const size = Object.values(after).reduce((sum, it) => sum + documentSize(it), 0);
  if (size > maxBytes[type]) {
    throw limitExceeded(`Maximum policy size of ${maxBytes[type]} bytes exceeded for ${type} ${holder}`);
  }
  return after;
}
