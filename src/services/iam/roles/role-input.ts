import { type Constraints, policyDocumentConstraint } from '../input/constraints.ts';

export const defaultMaxSessionSeconds = 3600;

export function checkDescription(
  constraints: Constraints,
  value: string | undefined,
  { isRequired = false } = {},
): Constraints {
  return constraints.text('description', value, {
    isRequired,
    pattern: String.raw`[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*`,
    maxLength: 1000,
  });
}

export function checkMaxSession(constraints: Constraints, seconds: number | undefined): Constraints {
  return constraints.number('maxSessionDuration', seconds, { min: 3600, max: 43_200 });
}

/** @param path The member's: CreateRole and UpdateAssumeRolePolicy name it differently. */
export function checkTrustPolicy(
  constraints: Constraints,
  path: string,
  document: string | undefined,
): Constraints {
  return constraints.text(path, document, { ...policyDocumentConstraint, isRequired: true });
}
